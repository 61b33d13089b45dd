"""Each service of docker-compose.yml by itself: its image, its rights, its files, its end."""

import re
import tomllib

import pytest

from tests.support.deployment import ROOT, compose, environment, ours, published, services

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ALL = sorted(services())


@pytest.mark.parametrize("name", ALL)
def test_ports_are_published_on_this_machine_only(name: str) -> None:
    assert {address for address, _ in published(services()[name]).values()} <= {"127.0.0.1"}


@pytest.mark.parametrize("name", ALL)
def test_images_are_official_and_pinned(name: str) -> None:
    image = services()[name]["image"]
    repository, _, version = image.partition(":")
    assert repository in {
        "vbp-compliance",
        "apache/kafka",
        "postgres",
        "prom/prometheus",
        "prom/alertmanager",
        "grafana/grafana",
        "keycloak/keycloak",
    }
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-[a-z]+)?", version), image
    if name in ours():
        assert version == PROJECT["project"]["version"]


@pytest.mark.parametrize("name", ALL)
def test_nothing_has_more_rights_than_it_needs(name: str) -> None:
    service = services()[name]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"] > 0
    # Both write what they run by into the folders of their own images.
    assert service.get("read_only") or name in {"kafka", "keycloak"}
    assert service.get("user") not in {"0", "root", "0:0"}
    if name in ours():
        assert service["user"] == "10001:10001"
        assert service["tmpfs"][0].startswith("/tmp:")  # noqa: S108  # the path inside the container
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", ALL)
def test_what_it_says_does_not_fill_the_disk(name: str) -> None:
    logging = services()[name]["logging"]
    assert logging["driver"] == "json-file"
    assert logging["options"].keys() == {"max-size", "max-file"}


def test_the_image_of_ours_is_built_once() -> None:
    assert [name for name in ours() if "build" in services()[name]] == ["init"]


@pytest.mark.parametrize("name", sorted(set(ALL) - {"init"}))
def test_what_runs_on_says_how_it_is(name: str) -> None:
    service = services()[name]
    assert service["healthcheck"]["test"]
    assert service["restart"] in {"unless-stopped", "on-failure:5"}
    assert set(service["networks"]) <= compose()["networks"].keys()


@pytest.mark.parametrize("name", ALL)
def test_every_file_mounted_or_named_exists(name: str) -> None:
    service = services()[name]
    places: dict[str, str] = {}
    for volume in service.get("volumes", []):
        source, inside, *mode = volume.split(":")
        places[inside] = source
        if source.startswith("."):
            assert (ROOT / source).is_dir(), source
            # Anchors are written where the rest of the machine can have them away.
            assert mode == ([] if source == "./files/anchors" else ["ro"])
        else:
            assert source in compose()["volumes"]
    named = [*map(str, service.get("command", [])), *environment(service).values()]
    for text in named:
        path = text.rpartition("=")[2]
        for inside, source in places.items():
            if path.startswith(f"{inside}/") and source.startswith("."):
                assert (ROOT / source / path.removeprefix(f"{inside}/")).exists(), path


def test_a_worker_has_time_to_finish_its_batch() -> None:
    for service in ours().values():
        assert int(service["stop_grace_period"].removesuffix("s")) > 20
