"""The sheets of a bulletin: tables of figures, each with its titles and what its columns are."""

from typing import Any

import msgspec
from msgspec import Struct

from services.compliance.answers.bulletin_reading import Reading, rows_of
from services.compliance.answers.database import Row
from services.compliance.answers.workbook import Cell
from services.compliance.rules import RULES
from shared.domain import calendar


class Sheet(Struct, frozen=True):
    """One table of a bulletin; the first column names the row.

    `percent` are the columns whose figures are shares, where 1 is all, `money` those of sums, which
    are decimals as text. `names` are how the codes of
    a column, by its number, were called when the table was made; what is told by codes stays so.
    """

    name: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    percent: list[int] = []
    money: list[int] = []
    names: dict[int, dict[str, str]] = {}


def progress_sheet(name: str, title: str, rows: list[dict[str, Any]]) -> Sheet:
    """Give how far purchases of each area or hospital are."""
    columns = [
        *("编码 code", "位次 rank", "约定量 agreed", "净验收量 accepted", "完成率 completion"),
        *(
            "序时进度 time progress",
            "进度比 pace",
            "本月订购 ordered",
            "本月验收 accepted in the month",
        ),
        "本月验收金额 amount",
    ]
    shown: list[list[Cell]] = []
    for row in rows:
        done, bought = row["completed"] or {}, row["bought"] or {}
        net = done["accepted"] - done["returned"] if done else None
        shown.append(
            [
                *(row["code"] or "-", row["rank"], done.get("agreed"), net),
                *(done.get("completion"), done.get("time_progress"), done.get("pace")),
                *(bought.get("ordered", 0), bought.get("accepted", 0)),
                bought.get("accepted_amount", "0"),
            ]
        )
    return Sheet(name, title, columns, shown, [4, 5], [9])


def cards_sheet(name: str, title: str, rows: list[dict[str, Any]]) -> Sheet:
    """Give how suppliers answered, delivered and filled orders."""
    columns = [
        *("编码 code", "订单行 lines", "及时响应率 answered in time", "响应中位时 median hours"),
        *("九成响应时 p90 hours", "准时足量率 on time in full", "配送率(量) by quantity"),
        *("配送率(行) by line", "质量拒收率 rejected for quality"),
    ]
    shown: list[list[Cell]] = [
        [
            *(row["code"] or "-", row["lines"], row["response"]["share_in_time"]),
            *(row["response"]["median_hours"], row["response"]["p90_hours"]),
            *(row["punctuality"]["share"], row["filling"]["rate"]),
            *(row["filling"]["rate_by_line"], row["quality"]["share"]),
        ]
        for row in rows
    ]
    return Sheet(name, title, columns, shown, [2, 5, 6, 7, 8])


def violations_sheet(rows: list[Row]) -> Sheet:
    """Give what was found under each rule, in the order of the rules."""
    columns = [
        *("规则 rule", "事项", "发现 found", "违约 breaches", "未整改 open"),
        *("已整改 closed", "已撤销 withdrawn", "豁免 exempt"),
    ]
    found = {row["rule"]: row for row in rows}
    names = ("found", "breaches", "open", "closed", "withdrawn", "exempt")
    shown: list[list[Cell]] = [
        [rule.name, rule.title_zh, *(found[rule.name][name] for name in names)]
        for rule in RULES
        if rule.name in found
    ]
    return Sheet("violations", "违约事项 Violations that occurred in the month", columns, shown)


def shortages_sheet(where: str, rows: list[Row]) -> Sheet:
    """Give the shortages that were reported in a jurisdiction, in days of Shanghai."""
    columns = ["报告 report", "产品 product", "生产企业 manufacturer", "原因 reason", "报告时间 at"]
    shown: list[list[Cell]] = []
    for row in rows:
        said = msgspec.json.decode(row["said"])
        if said["jurisdiction"] == where:
            at = row["time"].astimezone(calendar.ZONE).strftime("%Y-%m-%d %H:%M")
            names = ("report", "product", "manufacturer", "reason")
            shown.append([*(said[name] for name in names), at])
    return Sheet("shortages", "短缺报告 Shortages reported", columns, shown)


def quality_sheet(row: Row, readings: list[Reading]) -> Sheet:
    """Give what is known to be wrong with the data, and how far all was read."""
    shown: list[list[Cell]] = [
        ["无法接收的消息 messages that could not be taken", row["letters"]],
        ["相互矛盾的陈述 contradictions", int(row["contradictions"])],
        ["未能判定 unjudged for want of a term", int(row["unjudged"])],
        ["未确认的丢失 losses not acknowledged", row["losses"]],
        *rows_of(readings),
    ]
    return Sheet("quality", "数据质量 Quality of the data", ["指标 figure", "数 count"], shown)
