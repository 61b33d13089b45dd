"""What a rule is: a clause made a function."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct

from services.compliance.findings.finding import Finding, Outcome, Words


class Rule(Struct, frozen=True):
    """A clause made a function.

    `record` is the kind of record it reads; `values` the policy values it needs; `judge(record,
    terms, now)` gives its outcomes; `words(finding)` explains one, in Chinese and English.
    """

    name: str
    title_zh: str
    title_en: str
    record: str
    values: tuple[str, ...]
    judge: Callable[[Any, Any, datetime], Iterator[Outcome]]
    words: Callable[[Finding], Words]
    interval: bool = False
