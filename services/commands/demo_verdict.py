"""Found against planted: what the violations API says, and what the province was given."""

import http.client
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from rich.table import Table

from services.compliance.rules import RULES
from shared.domain.errors import TransientError

PAGE = 500


class Row(NamedTuple):
    """One rule: how many violations were found and planted, and how many are in one of them."""

    rule: str
    found: int
    planted: int
    missing: int
    unexpected: int


def planted(file: Path) -> dict[str, str]:
    """Read the truth of a province: the rule of each violation, by id."""
    lines = file.read_bytes().splitlines()
    return {line["id"]: line["rule"] for line in map(msgspec.json.decode, lines)}


def found(port: int) -> dict[str, str]:
    """Ask the violations API for all that are not withdrawn: the rule of each, by id."""
    items = (item for page in _pages(port) for item in page["items"])
    return {item["id"]: item["rule"] for item in items if item["status"] != "withdrawn"}


def _pages(port: int) -> Iterator[dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    asked = {"page_size": str(PAGE)}
    try:
        while True:
            connection.request("GET", f"/v1/violations?{urlencode(asked)}")
            response = connection.getresponse()
            body = response.read()
            if response.status != http.client.OK:
                said = body.decode(errors="replace")
                raise TransientError(f"the violations API answered {response.status}: {said}")
            page = msgspec.json.decode(body)
            yield page
            if not page["next_page_token"]:
                return
            asked["page_token"] = page["next_page_token"]
    finally:
        connection.close()


def compare(found: Mapping[str, str], planted: Mapping[str, str]) -> list[Row]:
    """Compare by id, rule by rule, the sum last."""
    columns = (
        Counter(found.values()),
        Counter(planted.values()),
        Counter(planted[one] for one in planted.keys() - found.keys()),
        Counter(found[one] for one in found.keys() - planted.keys()),
    )
    rows = [Row(rule.name, *(column[rule.name] for column in columns)) for rule in RULES]
    return [*rows, Row("all", *(column.total() for column in columns))]


def shown(rows: list[Row]) -> Table:
    """Lay the rows out for people."""
    table = Table(title="Violations found against planted", show_footer=False)
    table.add_column("rule", no_wrap=True)
    for heading in Row._fields[1:]:
        table.add_column(heading, justify="right")
    for row in rows:
        if row is rows[-1]:
            table.add_section()
        style = "red" if row.missing or row.unexpected else None
        table.add_row(row.rule, *(f"{number:,}" for number in row[1:]), style=style)
    return table
