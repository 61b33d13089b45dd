"""The columns of a table of violations, and what stands in them, whatever the form of the table."""

from collections.abc import Iterator
from typing import Final

import msgspec

from services.compliance.answers.names import NamedViolation
from services.compliance.answers.workbook import Cell
from services.compliance.rules import RULES

_TITLES: Final = {rule.name: rule.title_zh for rule in RULES}
INSTANTS: Final = ("occurred_at", "cured_at", "detected_at", "recorded_at")
COLUMNS: Final = (
    *("id", "status", "exempt", "severity", "review", "stale", "rule", "title_zh"),
    *("jurisdiction", "area", "hospital", "manufacturer", "distributor", "product", "order"),
    *INSTANTS,
    *("observed", "limit", "clause", "policy", "message_zh", "message_en"),
)
"""Named as the API names them."""


def told(item: NamedViolation) -> Iterator[object]:
    """Give what a violation says in each of COLUMNS, as the API says it."""
    for name in COLUMNS:
        yield _TITLES.get(item.rule, item.rule) if name == "title_zh" else getattr(item, name)


def cell(value: object) -> Cell:
    """Write a value as a cell of a spreadsheet."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int() | str():
            return value
        case list():
            return "; ".join(str(cell(one)) for one in value)
        case dict():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)
