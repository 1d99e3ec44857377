"""Images that `cdk deploy` builds and pushes itself, for services whose repository is only made by the same deploy.

Written into the asset manifests of the cloud assembly after synthesis, so that a template can never depend on it.
Going through the stack's synthesizer would be the usual way, but its Python binding cannot add an asset with a tag
of our own: jsii hands the unbound synthesizer back (StackSynthesizerBoundStackFirst).
Source of the format: aws-cdk-cloud-assembly-schema, DockerImageAsset.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from settings import Settings
from settings.model import stack_keys_of


def write_inline_images(outdir: Path, settings: Settings, tags: Mapping[str, str]) -> None:
    """Add the image that they will run to the asset manifests of each service's stacks; `tags`: service -> tag.

    Whichever is deployed first publishes it; the command line finds it published then.
    """
    for service, tag in tags.items():
        for key in stack_keys_of(settings.service(service)):
            path = outdir / f"{settings.stack_name(key)}.assets.json"
            manifest = json.loads(path.read_text("utf-8"))
            manifest.setdefault("dockerImages", {})[tag] = _image(settings, service, tag)
            path.write_text(json.dumps(manifest, indent=1), "utf-8")


def _image(settings: Settings, service: str, tag: str) -> dict[str, object]:
    script = str(settings.root / "scripts" / "build_asset.py")
    target = settings.target
    return {
        "displayName": f"{service} image",
        "source": {"executable": [sys.executable, script, "--target", target.name, service, tag]},
        # No role to assume: CDK's publishing role knows only CDK's own repository, the caller pushes to ours.
        "destinations": {
            f"{target.account}-{target.region}": {
                "repositoryName": settings.repository(service),
                "imageTag": tag,
                "region": target.region,
            }
        },
    }
