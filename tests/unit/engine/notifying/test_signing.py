"""Signatures against the vector that libraries for Standard Webhooks test themselves with; the example of our page."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import Any

import pytest

from scripts.engine.errors import BadInput
from scripts.engine.notifying.signing import signed_headers
from tests.unit.documents import text_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "a secret that a person typed, long enough"
BODY = b'{"test": 2432232314}'
ID, NOW = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330.9
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_known_vector() -> None:
    """Source: the tests of svix/svix-webhooks and of standard-webhooks/standard-webhooks."""
    assert signed_headers(SECRET, ID, NOW, BODY) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_any_other_text_is_the_key_itself() -> None:
    expected = hmac.new(OTHER.replace(" ", "-").encode(), f"{ID}.1614265330.".encode() + BODY, hashlib.sha256)
    found = signed_headers(OTHER.replace(" ", "-"), ID, NOW, BODY)["webhook-signature"]
    assert found == "v1," + base64.b64encode(expected.digest()).decode()


def test_while_a_secret_is_replaced_both_sign() -> None:
    old, new = signed_headers(f"{SECRET}\n{SECRET[:-4]}AAAA", ID, NOW, BODY)["webhook-signature"].split(" ")
    assert old == SIGNATURE
    assert new.startswith("v1,")
    assert new != old


@pytest.mark.parametrize("secret", ["whsec_!!", "whsec_", "short", "whsec_c2hvcnQ=", f"{SECRET} short"])
def test_a_weak_or_broken_secret_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(BadInput) as caught:
        signed_headers(secret, ID, NOW, BODY)
    assert secret.removeprefix("whsec_").split(" ")[0] not in str(caught.value) or secret in ("whsec_", "short")


def documented_check() -> Any:
    """The function that docs/notifications.md shows."""
    source = re.search(r"```python\n(.*?)```", text_of("docs/notifications.md"), re.S)
    assert source
    names: dict[str, Any] = {}
    exec(source[1], names)
    return names["check"]


def test_the_example_of_the_page_takes_what_is_signed_and_nothing_else() -> None:
    check, now = documented_check(), time.time()
    good = signed_headers(SECRET, ID, now, BODY)
    assert check(SECRET, good, BODY)
    assert check(SECRET, signed_headers(f"{SECRET[:-4]}AAAA {SECRET}", ID, now, BODY), BODY)
    assert not check(SECRET, good, BODY + b" ")
    assert not check(SECRET, {**good, "webhook-id": "another"}, BODY)
    assert not check(SECRET[:-4] + "AAAA", good, BODY)
    assert not check(SECRET, {**good, "webhook-timestamp": str(int(now) + 1)}, BODY)
    assert not check(SECRET, signed_headers(SECRET, ID, now - 600, BODY), BODY), "a replay"
