"""deploy/k8s/overlays/closed: the bus as permits.toml closes it, each process a user of its own."""

from typing import Any

import pytest

from services.commands.strimzi import kafka_users
from shared.domain import permits
from shared.domain.permits import ADMIN, OPERATOR, SERVICES, Entry
from tests.support import yaml_texts
from tests.support.kustomize import KUBERNETES, Resource, build, containers

FOLDER = KUBERNETES / "overlays" / "closed"
BUILT = build(FOLDER)
USERS = {one["metadata"]["name"]: one for one in BUILT if one["kind"] == "KafkaUser"}
PROCESSES = [
    one
    for one in BUILT
    for container in containers(one)
    if any(item["name"] == "VBP_KAFKA" for item in container["env"])
]


def test_the_users_are_those_that_the_command_writes() -> None:
    """Else: vbp bus permits --strimzi > deploy/k8s/overlays/closed/kafka-users.yaml."""
    assert (FOLDER / "kafka-users.yaml").read_text(encoding="utf-8") == kafka_users()


@pytest.mark.parametrize("publishers", [(), ("platform-sx", "hospital-1")])
def test_what_users_may_do_is_what_is_permitted_and_nothing_else(
    publishers: tuple[str, ...],
) -> None:
    read = [one for one in yaml_texts.read_all(kafka_users(publishers)) if one]
    assert {entry for user in read for entry in _entries(user)} == permits.entries(publishers)
    assert {one["metadata"]["name"] for one in read} >= {*SERVICES, ADMIN}


def _entries(user: Resource) -> list[Entry]:
    allowed: list[dict[str, Any]] = user["spec"].get("authorization", {}).get("acls", [])
    spelt = {"DescribeConfigs": "describe_configs", "AlterConfigs": "alter_configs"}
    return [
        Entry(
            user["metadata"]["name"],
            one["resource"]["type"],
            one["resource"]["name"],
            one["resource"]["patternType"] == "prefix",
            spelt.get(operation, operation.lower()),
        )
        for one in allowed
        for operation in one["operations"]
    ]


def test_the_brokers_take_nobody_without_a_password_and_know_who_may_do_all() -> None:
    (kafka,) = (one["spec"]["kafka"] for one in BUILT if one["kind"] == "Kafka")
    (listener,) = kafka["listeners"]
    assert (listener["tls"], listener["authentication"]) == (True, {"type": "scram-sha-512"})
    assert kafka["authorization"] == {"type": "simple", "superUsers": [ADMIN]}
    assert "allow.everyone.if.no.acl.found" not in kafka["config"]
    assert all(one["spec"]["authentication"]["type"] == "scram-sha-512" for one in USERS.values())


@pytest.mark.parametrize("process", PROCESSES, ids=lambda one: one["metadata"]["name"])
def test_each_process_is_given_its_own_password_and_no_other(process: Resource) -> None:
    name = process["metadata"]["name"]
    user = OPERATOR if name == "prepare" else name
    (container,) = containers(process)
    given = {item["name"]: item.get("value") for item in container["env"]}
    assert given["VBP_KAFKA_SECURITY"] == "sasl_ssl"
    assert given.get("VBP_KAFKA_USER", name) == user
    (mount,) = (one for one in container["volumeMounts"] if one["name"] == "kafka")
    assert (mount["mountPath"], mount["readOnly"]) == (given["VBP_KAFKA_SECRETS"], True)
    volumes = process["spec"]["template"]["spec"]["volumes"]
    (sources,) = (one["projected"]["sources"] for one in volumes if one["name"] == "kafka")
    named = {one["secret"]["name"]: one["secret"]["items"] for one in sources}
    assert named == {
        "vbp-cluster-ca-cert": [{"key": "ca.crt", "path": "ca.pem"}],
        user: [{"key": "password", "path": f"{user}.password"}],
    }
    assert user in USERS


def test_all_processes_of_the_bus_are_there() -> None:
    assert {one["metadata"]["name"] for one in PROCESSES} == {*SERVICES, "prepare"} - {OPERATOR}


def test_nothing_that_is_no_user_asks_the_brokers() -> None:
    triggers = [
        trigger["type"]
        for one in BUILT
        if one["kind"] == "ScaledObject"
        for trigger in one["spec"]["triggers"]
    ]
    assert triggers == ["postgresql"] * 3
