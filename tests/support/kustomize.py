"""Builds an overlay of deploy/k8s as `kubectl kustomize` does, as far as ours ask for it."""

import copy
import re
from pathlib import Path
from typing import Any

from tests.support import yaml_texts
from tests.support.deployment import DEPLOY

KUBERNETES = DEPLOY / "k8s"
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())
UNNAMESPACED = {"Namespace"}
KNOWN = {"apiVersion", "kind", "namespace", "labels", "images", "resources", "patches"}

Resource = dict[str, Any]


def build(folder: Path) -> list[Resource]:
    """Give the resources of a kustomization; one that asks for more than this knows is refused."""
    wanted = yaml_texts.read((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    assert wanted.keys() <= KNOWN, folder
    found: list[Resource] = []
    for name in wanted["resources"]:
        path = (folder / name).resolve()
        if path.is_dir():
            found += build(path)
        else:
            found += [one for one in yaml_texts.read_all(path.read_text("utf-8")) if one]
    for resource in found:
        metadata = resource["metadata"]
        if resource["kind"] not in UNNAMESPACED:
            metadata["namespace"] = wanted["namespace"]
        for labels in wanted.get("labels", []):
            metadata["labels"] = {**metadata.get("labels", {}), **labels["pairs"]}
        for image in wanted.get("images", []):
            for container in containers(resource):
                if container["image"] == image["name"]:
                    container["image"] = f"{image['name']}:{image['newTag']}"
    for patch in wanted.get("patches", []):
        _patch(found, patch)
    return found


def containers(resource: Resource) -> list[dict[str, Any]]:
    """The containers of a workload; none of anything else."""
    spec = resource.get("spec", {}).get("template", {}).get("spec", {})
    found: list[dict[str, Any]] = spec.get("containers", [])
    return found


def _patch(resources: list[Resource], patch: dict[str, Any]) -> None:
    target = patch["target"]
    met = [
        one
        for one in resources
        if one["kind"] == target["kind"] and re.fullmatch(target["name"], one["metadata"]["name"])
    ]
    assert met, f"a patch that nothing takes: {target}"
    for resource in met:
        for step in yaml_texts.read(patch["patch"]):
            *way, last = step["path"].strip("/").split("/")
            place: Any = resource
            for key in way:
                place = place[int(key) if isinstance(place, list) else key]
            if step["op"] == "add":
                _add(place, last, copy.deepcopy(step["value"]))
                continue
            key = int(last) if isinstance(place, list) else last
            _ = place[key]
            if step["op"] == "remove":
                del place[key]
            else:
                assert step["op"] == "replace"
                place[key] = copy.deepcopy(step["value"])


def _add(place: Any, last: str, value: Any) -> None:
    """Add to the end of a list, or what a mapping has not yet."""
    if isinstance(place, list):
        assert last == "-"
        place.append(value)
    else:
        assert last not in place
        place[last] = value
