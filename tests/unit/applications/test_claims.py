"""Secrets that an application names for itself: below its own name, or allowed by a person."""

from __future__ import annotations

import pytest

from scripts.applications.claims import check_secrets, is_own
from scripts.engine.errors import Refused


@pytest.mark.parametrize(
    "reference",
    [
        "secretsmanager:shop/database",
        "ssm:/shop/database",
        "ssm:shop/database",
        "arn:aws:secretsmanager:eu-west-1:111111111111:secret:shop/database-AbCdEf",
        "arn:aws:ssm:eu-west-1:111111111111:parameter/shop/database",
    ],
)
def test_what_is_below_its_name_is_its_own(reference: str) -> None:
    assert is_own(reference, "shop")
    check_secrets("shop", {"DATABASE_URL": reference}, {})


@pytest.mark.parametrize(
    "reference",
    [
        "secretsmanager:shop",
        "secretsmanager:shopping/database",
        "secretsmanager:billing/shop/database",
        "ssm:/billing/database",
        "arn:aws:secretsmanager:eu-west-1:111111111111:secret:billing/shop-AbCdEf",
        "arn:aws:ssm:eu-west-1:111111111111:parameter/billing/shop/database",
    ],
)
def test_what_is_another_ones_is_refused_until_it_is_allowed(reference: str) -> None:
    claimed = {"DATABASE_URL": reference}
    with pytest.raises(Refused, match="DATABASE_URL") as caught:
        check_secrets("shop", claimed, {"DATABASE_URL": "ssm:/other"})
    assert "--allow-secret DATABASE_URL" in caught.value.remedy
    check_secrets("shop", claimed, claimed)
