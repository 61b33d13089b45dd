"""docker-compose.closed.yml against docker-compose.yml, the local stack and the users there are."""

from typing import Any

import yaml

from deploy.local import kafka as local_kafka
from shared.domain.permits import ADMIN, OPERATOR, SERVICES
from tests.support.deployment import ROOT, commands, environment, ours, services

CLOSED: dict[str, Any] = yaml.safe_load(
    (ROOT / "docker-compose.closed.yml").read_text(encoding="utf-8")
)


def test_every_process_of_ours_comes_with_its_own_password_and_no_other() -> None:
    closed = CLOSED["services"]
    assert closed.keys() == {"kafka", *ours()}
    for name in ours():
        users = {ADMIN, OPERATOR} if name == "init" else {name}
        assert set(closed[name]["secrets"]) == {"ca.pem", *(f"{user}.password" for user in users)}
        assert closed[name]["environment"] == {
            "VBP_KAFKA_SECURITY": "sasl_ssl",
            "VBP_KAFKA_SECRETS": "/run/secrets",
        }
    assert {name for name in ours() if name != "init"} | {OPERATOR} == set(SERVICES)
    assert CLOSED["secrets"].keys() == {one for name in ours() for one in closed[name]["secrets"]}


def test_the_broker_is_closed_as_that_of_the_local_stack() -> None:
    local = vars(local_kafka)["_CLOSED"]
    given = {
        # As the image reads its variables: three lines are a hyphen, one is a dot.
        name.removeprefix("KAFKA_").replace("___", "-").replace("_", ".").lower(): value
        for name, value in CLOSED["services"]["kafka"]["environment"].items()
    }
    for setting, value in local.items():
        if setting.endswith(".location") or setting == "listener.security.protocol.map":
            continue
        for listener in ("inside", "outside") if ".client." in setting else ("",):
            assert given[setting.replace(".name.client.", f".name.{listener}.")] == value, setting
    kinds = dict(item.split(":") for item in given["listener.security.protocol.map"].split(","))
    assert kinds == {
        "INSIDE": "SASL_SSL",
        "OUTSIDE": "SASL_SSL",
        "BROKER": "SSL",
        "CONTROLLER": "SSL",
    }
    open_ones = environment(services()["kafka"])["KAFKA_ADVERTISED_LISTENERS"]
    assert given["advertised.listeners"].startswith(open_ones)


def test_the_topics_are_made_once_the_operator_may_make_them() -> None:
    (before,) = ours()["init"]["command"]
    (after,) = CLOSED["services"]["init"]["command"]
    assert after.replace("vbp bus apply && ", "") == before
    assert commands(ours()["init"])[-1] == ["topics"]
