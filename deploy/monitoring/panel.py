"""A panel of a dashboard, as Grafana reads it."""

from typing import Any, NamedTuple

LIST = (
    "${api}/v1/violations?rule=${__data.fields.rule}&jurisdiction=${__data.fields.jurisdiction}"
    "&severity=${__data.fields.severity}&status=open&exempt=false"
)
LIST_OF_PARTY = (
    "${api}/v1/violations?%s=${__data.fields.party}&jurisdiction=${__data.fields.jurisdiction}"
    "&status=open&exempt=false"
)


class Panel(NamedTuple):
    """A panel as Grafana reads it, and how much of the 24 columns it takes."""

    json: dict[str, Any]
    width: int
    height: int


def _panel(  # noqa: PLR0913, PLR0917  # a panel has so many parts
    kind: str,
    title: str,
    said: str,
    targets: list[dict[str, Any]],
    unit: str,
    width: int,
    high: int,
) -> Panel:
    json = {
        "type": kind,
        "title": title,
        "description": said,
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "targets": targets,
    }
    return Panel(json, width, high)


def _now(question: str, legend: str = "") -> list[dict[str, Any]]:
    asked = {"refId": "A", "expr": question, "legendFormat": legend}
    return [{**asked, "instant": True, "range": False}]


def number(title: str, said: str, question: str, unit: str = "short") -> Panel:
    """Show one number, as it is now."""
    return _panel("stat", title, said, _now(question), unit, 6, 4)


def bars(title: str, said: str, *asked: str) -> Panel:
    """Show numbers side by side, as they are now; `asked` as for `lines`."""
    targets = [
        {**target, "refId": chr(ord("A") + place)}
        for place, pair in enumerate(zip(asked[::2], asked[1::2], strict=True))
        for target in _now(*pair)
    ]
    return _panel("bargauge", title, said, targets, "short", 12, 9)


def table(title: str, said: str, question: str, leads_to: str = LIST) -> Panel:
    """Show one row for each series; every row leads to its list in the API."""
    (target,) = _now(question)
    panel = _panel("table", title, said, [{**target, "format": "table"}], "short", 12, 9)
    link = {"title": "清单 List", "url": leads_to, "targetBlank": True}
    panel.json["fieldConfig"]["defaults"]["links"] = [link]
    return panel


def lines(title: str, said: str, *asked: str, unit: str = "short", width: int = 12) -> Panel:
    """Show series over time; `asked` are questions, each followed by its legend."""
    targets = [
        {"refId": chr(ord("A") + place), "expr": question, "legendFormat": legend}
        for place, (question, legend) in enumerate(zip(asked[::2], asked[1::2], strict=True))
    ]
    return _panel("timeseries", title, said, targets, unit, width, 8)


def parts_of(metric: str) -> list[str]:
    """Ask for the median, p95 and p99 of a histogram, each with its legend."""
    asked: list[str] = []
    for part in ("0.5", "0.95", "0.99"):
        rate = f"sum by (le) (rate({metric}_bucket[$__rate_interval]))"
        asked += [f"histogram_quantile({part}, {rate})", f"p{part[2:].ljust(2, '0')}"]
    return asked


def rate_by(by: str, metric: str) -> str:
    """Ask for the rate of a counter by some labels."""
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))"
