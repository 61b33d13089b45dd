"""Prometheus, Alertmanager and Grafana against the code: what they ask for is really told."""

import re
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qsl

import pytest

from deploy.monitoring import made
from services.compliance.answers.case_listing import CasesAsked
from services.compliance.answers.filters import Asked
from services.compliance.findings.violation import Status
from services.compliance.policies.policy import Severity
from services.compliance.web.console import go
from services.compliance.worker import host, intake
from shared.adapters import postgres
from shared.adapters.addresses import PORTS
from shared.domain import topics
from tests.support import yaml_texts
from tests.support.deployment import (
    DEPLOY,
    ROOT,
    alert_tests,
    alerts,
    applications,
    environment,
    expressions,
    names_in,
    prometheus,
    published,
    rules,
    scraped,
    series_of,
    services,
    told,
    tool,
    tried_alone,
)
from tests.support.kept import a_connection

NOWHERE = "postgresql://vbp@127.0.0.1:1/vbp"
ALERTS = [rule["alert"] for rule in alerts()]
MIGRATIONS = ROOT / "services/compliance/storage/migrations"
ADDED_BY_PROMETHEUS = {"instance", "job", "le"}


def jobs() -> dict[str, list[str]]:
    """The scrape jobs, each with its targets, host:port."""
    found = {}
    for job in prometheus()["scrape_configs"]:
        static = [target for group in job.get("static_configs", []) for target in group["targets"]]
        asked = [
            f"{name}:{group['port']}"
            for group in job.get("dns_sd_configs", [])
            for name in group["names"]
        ]
        found[job["job_name"]] = static + asked
    return found


def test_every_service_that_runs_on_and_tells_is_scraped_by_its_own_name() -> None:
    # Keycloak starts with a profile of its own, and is the operator's to watch.
    silent = {"kafka", "postgres", "init", "keycloak"}
    assert jobs().keys() == services().keys() - silent
    for job, targets in jobs().items():
        assert [target.split(":")[0] for target in targets] == [job]


@pytest.mark.parametrize("job", jobs())
def test_every_target_is_a_port_of_its_service(job: str) -> None:
    (target,) = jobs()[job]
    host, port = target.split(":")
    service = services()[host]
    given = environment(service)
    open_ports = {str(inside) for inside in published(service)}
    open_ports |= {given[name] for name in ("VBP_PORT", "VBP_METRICS_PORT") if name in given}
    assert port in open_ports
    assert set(service["networks"]) & set(services()["prometheus"]["networks"])


def test_alerts_go_to_the_alertmanager() -> None:
    (manager,) = prometheus()["alerting"]["alertmanagers"]
    ((target,),) = (group["targets"] for group in manager["static_configs"])
    host, port = target.split(":")
    assert int(port) in published(services()[host])


async def test_every_application_answers_a_scrape_even_without_its_database() -> None:
    for name, app in applications(NOWHERE).items():
        found = series_of(await scraped(app))
        assert found["vbp_http_requests_total"] == {"service", "route", "status"}, name


async def test_every_metric_asked_for_is_told_by_a_service() -> None:
    known = (await told(NOWHERE)).keys()
    for where, expression in expressions():
        assert names_in(expression) <= known, where
    for test in alert_tests():
        for series in test["input_series"]:
            assert names_in(series["series"]) <= known, test["name"]
    families = {re.sub(r"_(total|bucket|sum|count)$", "", metric) for metric in known}
    assert names_in((DEPLOY / "prometheus/RUNBOOK.md").read_text("utf-8")) <= known | families


@pytest.mark.integration
async def test_every_label_asked_for_is_on_its_series(database: str) -> None:
    """A label that no series has would keep an alert silent for ever."""
    await postgres.migrate(database, MIGRATIONS, "compliance")
    # Of parties there is a series only where something of theirs is open.
    named = "INSERT INTO compliance.open_party VALUES ('cn-sx', 'hospital', 'H', 1)"
    async with a_connection(database) as connection:
        await connection.execute(named)
    labels = await told(database)
    for where, expression in expressions():
        for metric, matchers in re.findall(r"\b(vbp_\w+)\{([^}]*)\}", expression):
            asked = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", matchers))
            assert asked <= labels[metric] | ADDED_BY_PROMETHEUS, (where, metric)
        known = {label for metric in names_in(expression) for label in labels[metric]}
        recorded = set(re.findall(r"\bvbp:\w+:\w+", expression))
        assert recorded <= {rule["record"] for rule in rules() if "record" in rule}, where
        if recorded:
            continue
        for group in re.findall(r"\b(?:by|without) \(([^)]*)\)", expression):
            assert set(re.split(r",\s*", group)) <= known | ADDED_BY_PROMETHEUS, where


def test_severities_and_jobs_asked_for_exist() -> None:
    text = "\n".join(expression for _, expression in expressions())
    assert set(re.findall(r'severity="(\w+)"', text)) <= set(get_args(Severity))
    for asked in re.findall(r'job=~?"([^"]+)"', text):
        assert set(asked.split("|")) <= jobs().keys()


@pytest.mark.parametrize("rule", alerts(), ids=ALERTS)
def test_an_alert_says_what_it_means_and_what_to_do(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"Vbp([A-Z][a-z]+)+", rule["alert"])
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["labels"]["group"] in {"business", "machinery"}
    said = rule["annotations"]
    told = {"summary", "summary_zh", "description", "description_zh", "runbook_url"}
    assert said.keys() - {"link", "console_url"} == told
    assert ("link" in said) == (rule["labels"]["group"] == "business")
    assert re.fullmatch(r"[A-Z][^{}]+\.", said["summary"])
    assert re.fullmatch(r"(?:[^{}a-z]|PostgreSQL|Kafka)+。", said["summary_zh"])
    assert re.search(r"[\u4e00-\u9fff]", said["description_zh"])
    assert "for" in rule or rule["alert"] == "VbpDeadLettersArriving"
    page, _, anchor = said["runbook_url"].partition("#")
    assert page == "{{ $externalLabels.runbook }}"
    assert anchor == rule["alert"].lower()
    text = (DEPLOY / "prometheus/consoles/runbook.html").read_text(encoding="utf-8")
    assert f' id="{anchor}">' in text


def test_links_lead_to_the_lists_of_the_api_with_filters_that_it_takes() -> None:
    asked = {
        rule["alert"]: rule["annotations"]["link"]
        for rule in alerts()
        if "link" in rule["annotations"]
    }
    for alert, link in asked.items():
        path, _, query = link.removeprefix("{{ $externalLabels.api }}").partition("?")
        assert path in ("/v1/violations", "/v1/status", "/v1/cases"), alert
        filters = dict(parse_qsl(re.sub(r"{{.*?}}", "", query), keep_blank_values=True))
        known = (CasesAsked if path == "/v1/cases" else Asked).model_fields
        assert filters.keys() <= known.keys(), alert
        assert filters.get("status", "open") in get_args(Status)


def test_alerts_about_peoples_work_lead_to_a_page_that_knows_them_by_name() -> None:
    for rule in alerts():
        page = rule["annotations"].get("console_url", "")
        if page:
            given = f"{{{{ $externalLabels.api }}}}/go/alert?alertname={rule['alert']}&"
            assert page.startswith(given)
            assert rule["alert"] in go.KNOWN
    assert {rule["alert"] for rule in alerts()} >= go.KNOWN


def test_files_made_from_others_are_current() -> None:
    for path, content in made.made().items():
        assert path.read_text(encoding="utf-8") == content, (
            f"{path} is old: run python -m deploy.monitoring.made"
        )


def test_the_numbers_of_the_runbook_are_those_of_the_code() -> None:
    text = " ".join((DEPLOY / "prometheus/RUNBOOK.md").read_text(encoding="utf-8").split())
    partitions = topics.ORDERS.partitions
    for said in (
        f"exit code {host.EXIT_TOO_MANY_INVALID}",
        f"{intake.SHARE * 100 // intake.WINDOW} % of the last {intake.WINDOW:,}",
        f"or {intake.RUN:,} in a row",
        f"at most {partitions})",
        f"each of the {partitions} partitions",
        f"compliance API (port {PORTS['compliance']})",
    ):
        assert said in text or said.capitalize() in text, said


def test_an_outage_is_told_once_and_not_by_all_that_follows_from_it() -> None:
    text = (DEPLOY / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    by_source: dict[str, str] = {}
    for rule in yaml_texts.read(text)["inhibit_rules"]:
        (source,), (target,) = rule["source_matchers"], rule["target_matchers"]
        by_source[source] = by_source.get(source, "") + target
    database = by_source['alertname = "VbpDatabaseDown"']
    assert 'group = "business"' in database
    for outage in ("VbpDatabaseDown", "VbpBrokerDown"):
        told = by_source[f'alertname = "{outage}"']
        assert {"VbpWorkerStalled", "VbpHeardUntilOld"} <= set(re.findall(r"Vbp\w+", told))
        assert "Down" not in told, "one outage must not hide the other"


def test_the_runbook_has_no_section_without_its_alert() -> None:
    text = (DEPLOY / "prometheus/RUNBOOK.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ALERTS
    for anchor in re.findall(r"\]\(#(\w+)\)", text):
        assert anchor in {alert.lower() for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_is_tried_silent_pending_firing_and_resolved(alert: str) -> None:
    tries = [
        step
        for test in alert_tests()
        for step in test["alert_rule_test"]
        if step["alertname"] == alert
    ]
    fires = [step for step in tries if step["exp_alerts"]]
    assert len(tries) >= 4
    assert fires
    assert len(tries) - len(fires) >= 3


def test_promtool_takes_the_configuration_and_the_rules_do_as_they_promise(tmp_path: Path) -> None:
    tool(DEPLOY / "prometheus", "promtool", "check", "config", "prometheus.yml")
    tool(tmp_path, "promtool", "test", "rules", *tried_alone(tmp_path))


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=VbpOpenBreaches", "group=business", "severity=warning"), "officers"),
        (("alertname=VbpBreachOpened", "group=business", "severity=warning"), "news"),
        (("alertname=VbpFindingOpened", "group=business", "severity=info"), "news"),
        (("alertname=VbpWorkerStalled", "group=machinery", "severity=critical"), "operators"),
        (("alertname=VbpLatencyHigh", "group=machinery", "severity=warning"), "operators"),
    ],
)
def test_alertmanager_sends_each_alert_to_its_readers(
    labels: tuple[str, ...], receiver: str
) -> None:
    file = "--config.file=alertmanager.yml"
    tool(DEPLOY / "alertmanager", "amtool", "check-config", "alertmanager.yml")
    said = tool(DEPLOY / "alertmanager", "amtool", "config", "routes", "test", file, *labels)
    assert said.strip() == receiver


def test_alertmanager_names_alerts_that_exist() -> None:
    text = (DEPLOY / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\bVbp\w+", text)) <= set(ALERTS)
