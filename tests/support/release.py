"""What is told to a release before its database is frozen: one story for each of the thirty rules.

`python -m tests.support.release` writes the events as an archive; how the database is made of it
says `tests/compliance/stored/README.md`. Each story is the shortest case of its rule in
`tests/compliance/rules` that finds something by the shipped values; the names of the stories are
kept apart by their number. What a release could not take yet (voids, names of parties) is left out.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.cases import events_of, written_cases

RULES = Path(__file__).parents[1] / "compliance" / "rules"
NAMES = frozenset(
    [
        "agreement",
        "appointment",
        "class",
        "distributor",
        "exemption",
        "hospital",
        "hospitals",
        "invoice",
        "manufacturer",
        "notice",
        "order",
        "payee",
        "payer",
        "payment",
        "prepayment",
        "product",
        "receipt",
        "report",
        "return",
        "shipment",
        "variety",
    ]
)
UNKNOWN_THEN = ("voided.v1", "vbp.party.registered.v1")


def stories() -> dict[str, list[dict[str, Any]]]:
    """The events of each rule's story, by the rule."""
    chosen: dict[str, list[dict[str, Any]]] = {}
    for case in written_cases(RULES):
        rule, given, told = case.values
        if told.get("expect") and "set" not in told:
            events = list(events_of(given, told))
            chosen[rule] = min(chosen.get(rule, events), events, key=len)
    return chosen


def archive() -> Iterator[dict[str, Any]]:
    """The events of all stories, each story's names apart from the others'."""
    for number, events in enumerate(stories().values(), start=1):
        for place, event in enumerate(events):
            if event["type"].endswith(UNKNOWN_THEN):
                continue
            data = {
                name: apart(value, number) if name in NAMES else value
                for name, value in event["data"].items()
            }
            yield event | {"id": f"s{number:02d}-{place:03d}", "data": data}


def apart(name: Any, number: int) -> Any:
    """A name that no other story has."""
    if isinstance(name, list):
        return [apart(part, number) for part in name]
    return name if name is None else f"{name}-{number:02d}"


if __name__ == "__main__":
    for event in archive():
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
