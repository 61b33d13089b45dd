"""What compose, Prometheus and Grafana say, read for tests, and what the code really has."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.web import app as compliance
from services.compliance.worker.metrics import WorkerMetrics
from services.delivery import app as delivery
from services.delivery.settings import Settings as DeliverySettings
from services.orders import app as orders
from services.orders.settings import Settings as OrdersSettings
from shared.domain import topics
from shared.tally.metrics import TallyMetrics
from tests.support import yaml_texts

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NOBODY = "127.0.0.1:1"
"""Where no broker listens: a scrape is answered all the same."""

OUR_IMAGE = "vbp-compliance:"
TEXTS = [
    ROOT / "docker-compose.yml",
    *sorted((DEPLOY / "prometheus").rglob("*.*")),
    *sorted((DEPLOY / "grafana").rglob("*.*")),
    *sorted((DEPLOY / "alertmanager").iterdir()),
]

_VARIABLE = re.compile(r"\$\{(\w+)(?::?([-?])([^}]*))?\}")
_WORD = re.compile(r"\b(vbp_\w+)")
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


@cache
def compose() -> Any:
    """docker-compose.yml with its anchors merged; variables stand as written."""
    return yaml_texts.read((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def services() -> dict[str, dict[str, Any]]:
    """All services of compose, by name."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def ours() -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    return {
        name: service
        for name, service in services().items()
        if service["image"].startswith(OUR_IMAGE)
    }


def example_environment() -> dict[str, str]:
    """The variables of example.env."""
    lines = (DEPLOY / "docker" / "example.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def variables(text: str) -> list[tuple[str, str]]:
    """The variables that compose puts into a text, each with its default or ''."""
    return [(name, said if sign == "-" else "") for name, sign, said in _VARIABLE.findall(text)]


def environment(service: dict[str, Any]) -> dict[str, str]:
    """The environment of a service, as it is with example.env."""
    known = example_environment()
    return {
        name: _VARIABLE.sub(lambda found: known[found[1]], str(value))
        for name, value in service.get("environment", {}).items()
    }


def commands(service: dict[str, Any]) -> list[list[str]]:
    """The `vbp` command lines that a service of ours runs."""
    if "entrypoint" not in service:
        return [service["command"]]
    lines = service["command"][0].split(" && ")
    return [line.removeprefix("vbp ").split() for line in lines]


def published(service: dict[str, Any]) -> dict[int, tuple[str, int]]:
    """Ports inside, each with the address and port that it is published on."""
    parts = [port.rsplit(":", 2) for port in service.get("ports", [])]
    return {int(inside): (address, int(outside)) for address, outside, inside in parts}


def prometheus() -> Any:
    """prometheus.yml."""
    return _of_prometheus("prometheus.yml")


def rules() -> list[dict[str, Any]]:
    """The rules of alerts.yml, those that record among them."""
    groups = _of_prometheus("alerts.yml")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    """The alert rules of alerts.yml."""
    return [rule for rule in rules() if "alert" in rule]


def alert_tests() -> list[dict[str, Any]]:
    """The tests of alerts.test.yml."""
    found: list[dict[str, Any]] = _of_prometheus("alerts.test.yml")["tests"]
    return found


def tried_alone(folder: Path) -> list[str]:
    """Write each test of alerts into a folder, beside the rules that it asks about and no others.

    Gives the files' names. Beside all rules promtool evaluates each of them every ten seconds of
    every test's hours: seven times the work.
    """
    told, every = _of_prometheus("alerts.test.yml"), _of_prometheus("alerts.yml")["groups"]
    names = []
    for number, test in enumerate(told["tests"]):
        asked = {step["alertname"] for step in test["alert_rule_test"]}
        kept = _needed(asked, [rule for group in every for rule in group["rules"]])
        groups = [
            {**group, "rules": [rule for rule in group["rules"] if rule in kept]} for group in every
        ]
        rules, alone = f"rules-{number}.json", f"test-{number}.json"
        (folder / rules).write_text(json.dumps({"groups": groups}), encoding="utf-8")
        test_of_it = {**told, "rule_files": [rules], "tests": [test]}
        (folder / alone).write_text(json.dumps(test_of_it), encoding="utf-8")
        names.append(alone)
    return names


def _needed(names: set[str], every: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The alerts of some names, and what is recorded for what they ask and say."""
    needed = [rule for rule in every if rule.get("alert") in names]
    assert {rule["alert"] for rule in needed} == names
    while more := [
        rule
        for rule in every
        if rule not in needed
        and "record" in rule
        and any(rule["record"] in json.dumps(one) for one in needed)
    ]:
        needed += more
    return needed


def _of_prometheus(name: str) -> Any:
    return yaml_texts.read((DEPLOY / "prometheus" / name).read_text(encoding="utf-8"))


def dashboards() -> dict[str, Any]:
    """The dashboards, by file name."""
    files = sorted((DEPLOY / "grafana/dashboards").glob("*.json"))
    return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in files}


def panels(dashboard: Any) -> list[dict[str, Any]]:
    """The panels of a dashboard that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Every PromQL expression of alerts and dashboards, with where it stands."""
    for rule in rules():
        yield rule.get("alert", rule.get("record", "")), rule["expr"]
    for name, dashboard in dashboards().items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", target["expr"]


def names_in(expression: str) -> set[str]:
    """The metrics of ours that an expression reads."""
    return set(_WORD.findall(expression))


def series_of(families: Iterable[Metric]) -> dict[str, set[str]]:
    """Names of series as Prometheus stores them, each with its labels where one is known."""
    found: dict[str, set[str]] = {}
    for family in families:
        for suffix in _SUFFIXES.get(family.type, ("",)):
            found.setdefault(family.name + suffix, set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def worker_families() -> list[Metric]:
    """What the workers show at /metrics, the one that judges and those that tally."""
    registries = [CollectorRegistry() for _ in range(3)]
    WorkerMetrics(registries[0])
    TallyMetrics(registries[1], "orders", [topics.ORDERS.name])
    TallyMetrics(registries[2], "delivery", [topics.DELIVERIES.name])
    return [
        family
        for registry in registries
        for family in text_string_to_metric_families(generate_latest(registry).decode())
    ]


def applications(database: str) -> dict[str, FastAPI]:
    """The HTTP applications of all services, as they are served, over a database."""
    known = policy.load()
    return {
        "orders": orders.create_app(OrdersSettings(kafka=NOBODY), known.jurisdictions),
        "delivery": delivery.create_app(DeliverySettings(kafka=NOBODY), known.jurisdictions),
        "compliance": compliance.create_app(Settings(database=database), known),
    }


async def told(database: str) -> dict[str, set[str]]:
    """Every series that a service or worker tells, with its labels where one is known.

    Gauges that are read from the database have labels only if it answers.
    """
    found = series_of(worker_families())
    for app in applications(database).values():
        for name, labels in series_of(await scraped(app)).items():
            found.setdefault(name, set()).update(labels)
    return found


async def scraped(app: FastAPI) -> list[Metric]:
    """What an application answers to a scrape while it runs, whatever it waits for."""
    transport = httpx.ASGITransport(app=app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
        app.router.lifespan_context(app),
    ):
        answer = await client.get("/metrics")
        answer.raise_for_status()
        return list(text_string_to_metric_families(answer.text))


def tool(folder: Path, program: str, *arguments: str) -> str:
    """Run a program that checks our texts, in a folder; gives what it says."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not on PATH")
    done = subprocess.run(  # noqa: S603  # our own arguments
        [found, *arguments],
        cwd=folder,
        # Go collects its garbage a third as often: memory is not what lacks here.
        env={**os.environ, "GOGC": "400"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
