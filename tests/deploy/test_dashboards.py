"""Grafana's dashboards against the code: every panel asks for what is really told."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support import yaml_texts
from tests.support.deployment import (
    DEPLOY,
    alerts,
    dashboards,
    expressions,
    names_in,
    panels,
    published,
    services,
    told,
    tool,
)

NOWHERE = "postgresql://vbp@127.0.0.1:1/vbp"
BOARDS = sorted(dashboards())
_FOUND = re.compile(r"\$(?:__)?\w+")


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_shows_data_where_it_is_provisioned(name: str) -> None:
    """An exported one has inputs that provisioning never fills in: its panels stay empty."""
    text = (DEPLOY / "grafana/dashboards" / name).read_text(encoding="utf-8")
    assert "__inputs" not in text
    assert "${DS_" not in text
    board = dashboards()[name]
    assert board["id"] is None
    assert re.fullmatch(r"vbp-[a-z-]+", board["uid"])
    sources = yaml_texts.read(
        (DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8")
    )["datasources"]
    assert set(re.findall(r'"uid": "(.+?)"', text)) == {board["uid"], sources[0]["uid"]}
    for source in sources:
        host, port = source["url"].removeprefix("http://").split(":")
        assert int(port) in published(services()[host])


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_says_what_it_shows(name: str) -> None:
    shown = panels(dashboards()[name])
    assert len({panel["id"] for panel in dashboards()[name]["panels"]}) == len(
        dashboards()[name]["panels"]
    )
    for panel in shown:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            rates = re.findall(r"rate\([^)]*\[([^\]]+)\]", target["expr"])
            assert set(rates) <= {"$__rate_interval"}, panel["title"]
    variables = {variable["name"] for variable in dashboards()[name]["templating"]["list"]}
    text = " ".join(target["expr"] for panel in shown for target in panel["targets"])
    assert {found[1:] for found in _FOUND.findall(text)} <= variables | {"__rate_interval"}


def test_dashboards_are_provisioned_from_where_they_are_mounted() -> None:
    provider = yaml_texts.read(
        (DEPLOY / "grafana/provisioning/dashboards/vbp.yml").read_text(encoding="utf-8")
    )["providers"][0]
    assert provider["allowUiUpdates"] is False
    mounts = dict(volume.split(":")[1::-1] for volume in services()["grafana"]["volumes"])
    assert mounts[provider["options"]["path"]] == "./deploy/grafana/dashboards"


def test_every_query_of_a_dashboard_is_promql(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": _FOUND.sub(_filled, expression)}
        for number, (_, expression) in enumerate(expressions())
    ]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    tool(tmp_path, "promtool", "check", "rules", file.name)


def _filled(found: re.Match[str]) -> str:
    return "1m" if found[0] == "$__rate_interval" else ".*"


UNSHOWN = {
    "vbp_heard_age_seconds": "one worker's view of vbp_heard_until_age_seconds, for its own log",
    "vbp_stream_clients": "bounded by itself; whom it refuses shows as 503 among the requests",
}
"""Metrics that stand in no panel and no alert, each with the reason."""


async def test_no_metric_stands_in_no_panel_and_no_alert_without_a_reason() -> None:
    asked = {name for _, expression in expressions() for name in names_in(expression)}
    for rule in alerts():
        asked |= names_in(" ".join(rule["annotations"].values()))
    families = {re.sub(r"_(total|bucket|sum|count|created)$", "", name) for name in asked}
    told_of = {
        re.sub(r"_(total|bucket|sum|count|created)$", "", name)
        for name in await told(NOWHERE)
        if name.startswith("vbp_")
    }
    assert told_of - families == UNSHOWN.keys()
