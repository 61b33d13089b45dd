"""Grafana's dashboards, one for each kind of reader; deploy.monitoring.made writes them as JSON."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from deploy.monitoring.panel import Panel, bars, lines, number, table
from deploy.monitoring.panels import (
    ACCEPTED,
    CHOSEN,
    FINDINGS,
    OPEN,
    OPENED,
    PIPELINE,
    STANDING,
    TITLES,
)

SOURCE = {"type": "prometheus", "uid": "vbp-prometheus"}
WIDTH = 24
LATE = 'rule=~"late-response|late-delivery|supply-refusal"'
SHORT = 'rule=~"unreported-shortage|coverage-gap|supply-refusal|distributor-cap"'


class Board(NamedTuple):
    """A dashboard: file name, title, for whom, panels in the order they are laid out."""

    name: str
    title: str
    description: str
    panels: Sequence[Panel]


def _about(rules: str, kinds: str) -> Sequence[Panel]:
    """Give the panels of a board that watches some rules, and what is told of their kinds."""
    return (
        number("未结束", "现有多少起未结束。Open now.", f"sum({OPEN % rules}) or vector(0)"),
        number(
            "24小时内新发现",
            "近24小时新发现多少起。Found within a day.",
            f"sum({OPENED % (rules, '24h')}) or vector(0)",
        ),
        lines(
            "新发现（每小时）",
            "按规则，每小时新发现的起数。Found in an hour, by rule.",
            f"sum by (title_zh) ({OPENED % (rules, '1h')} {TITLES})",
            "{{title_zh}}",
        ),
        bars(
            "地区分布",
            "未结束的按地区。Open, by area; empty: its area is unknown.",
            f"topk(20, sum by (area) ({OPEN % rules}))",
            "{{area}}",
        ),
        table(
            "明细",
            "未结束的按规则和地区；点开见清单。Open; each row leads to its list.",
            f"sum by (jurisdiction, rule, title_zh, severity, area) ({OPEN % rules} {TITLES})",
        ),
        lines(
            "收到的事件",
            "按种类，每秒收到的事件。Events taken in a second.",
            f'sum by (type) (rate({ACCEPTED}{{type=~"{kinds}"}}[$__rate_interval]))',
            "{{type}}",
        ),
    )


BOARDS = (
    Board(
        "officers",
        "监管：违约总览",
        "新发现了什么，在哪里，未结束多久，涉及谁。What was found, where, how old, of whom.",
        (*FINDINGS, *_about(CHOSEN, ".*")[2:5], *STANDING),
    ),
    Board(
        "delivery",
        "配送履约",
        "响应、配送、拒供。Responses, deliveries and refusals.",
        _about(LATE, ".*(order|shipment|delivery|goods).*"),
    ),
    Board(
        "shortage",
        "短缺监测",
        "断供、未报短缺、配送覆盖。Shortages, reports that lack, coverage.",
        _about(SHORT, ".*(stock|shortage|production|distributor).*"),
    ),
    Board(
        "pipeline",
        "系统运行",
        "事件从发布到判定的全程。The way of an event, and whether the machinery keeps up.",
        PIPELINE,
    ),
)


def written(board: Board) -> str:
    """Give a dashboard as Grafana provisions it."""
    x = y = height = 0
    panels = []
    for place, panel in enumerate(board.panels, 1):
        if x + panel.width > WIDTH:
            x, y, height = 0, y + height, 0
        position = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        panels.append({"id": place, "datasource": SOURCE, "gridPos": position, **panel.json})
        x, height = x + panel.width, max(height, panel.height)
        for target in panel.json["targets"]:
            target["datasource"] = SOURCE
    shown: dict[str, Any] = {
        "id": None,
        "uid": f"vbp-{board.name}",
        "title": board.title,
        "description": board.description,
        "tags": ["vbp"],
        "editable": False,
        "graphTooltip": 1,
        "schemaVersion": 39,
        "version": 1,
        "refresh": "10s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "Asia/Shanghai",
        "timepicker": {},
        "annotations": {"list": []},
        "links": [
            {
                "title": "VBP",
                "type": "dashboards",
                "tags": ["vbp"],
                "asDropdown": True,
                "includeVars": True,
                "keepTime": True,
            }
        ],
        "panels": panels,
        "templating": {
            "list": [_choice("jurisdiction", "地区政策"), _choice("rule", "规则"), _API]
        },
    }
    return json.dumps(shown, ensure_ascii=False, indent=2) + "\n"


_API = {
    "name": "api",
    "label": "接口地址",
    "type": "textbox",
    "query": "http://localhost:8003",
    "current": {"text": "http://localhost:8003", "value": "http://localhost:8003"},
    "hide": 0,
}


def _choice(name: str, label: str) -> dict[str, Any]:
    asked = f"label_values(vbp_open_violations, {name})"
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "definition": asked,
        "query": {"query": asked, "refId": "Variable"},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
        "hide": 0,
    }
