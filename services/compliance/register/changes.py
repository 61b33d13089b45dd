"""What register events change: entries to write, and records to judge again."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from services.compliance.register.entries import AGREEMENT, Entry
from services.compliance.register.register import Key, Register
from shared.domain.cloudevents import Event

Touch = tuple[str, str | None, str | None]
"""A jurisdiction, and a product and a hospital whose records must be judged again; None is all."""


class Changes(NamedTuple):
    """What register events changed.

    `entries` are as merged, by the kind of entry and its key; `agreements` those told of, which
    orders may have waited for, and prepayments name.
    """

    entries: dict[tuple[str, Key], Any]
    agreements: set[Key]
    touches: set[Touch]

    @property
    def jurisdictions(self) -> list[str]:
        """The jurisdictions whose law moves."""
        return sorted({where for _, (where, _) in self.entries})

    def of(self, *entries: Entry) -> Iterator[tuple[str, str, str, Any]]:
        """Give some kinds of entries as jurisdiction, kind, code and what is held, in order."""
        names = {entry.name for entry in entries}
        for (name, (where, code)), held in sorted(self.entries.items(), key=lambda item: item[0]):
            if name in names:
                yield where, name, code, held


def merge(register: Register, events: Iterable[Event]) -> Changes:
    """Merge register events into a register; what they need must have been read."""
    changes = Changes({}, set(), set())
    for event in events:
        merged = register.merge(event)
        if merged is None:
            continue
        entry, where, code, before, after = merged
        changes.entries[entry.name, (where, code)] = after
        changes.touches.update((where, *reach) for reach in entry.touched(code, before, after))
        if entry is AGREEMENT:
            changes.agreements.add((where, code))
    return changes
