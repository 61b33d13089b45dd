"""What register events change: entries to write, and records to judge again."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from services.compliance.register.entries import AGREEMENT, Entry, entry_of
from services.compliance.register.register import Key, Register
from shared.domain.cloudevents import Event

Touch = tuple[str, str | None, str | None]
"""A jurisdiction, and a product and a hospital whose records must be judged again; None is all."""

Name = tuple[str, Key]
"""The kind of an entry, and its key."""

NONE: Mapping[Name, Exception] = {}


class Changes(NamedTuple):
    """What register events changed.

    `entries` are as merged, by the kind of entry and its key; `agreements` those told of, which
    orders may have waited for, and prepayments name. `failed` are those that lack a telling, since
    it could not be merged into them.
    """

    entries: dict[Name, Any]
    agreements: set[Key]
    touches: set[Touch]
    failed: dict[Name, Exception]

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


def merge(
    register: Register, events: Iterable[Event], unread: Mapping[Name, Exception] = NONE
) -> Changes:
    """Merge register events into a register; what they need must have been read.

    Nothing is merged into the entries that are `unread`, nor of an event on which we fail.
    """
    changes = Changes({}, set(), set(), {})
    for event in events:
        entry = entry_of(event)
        if entry is None:
            continue
        name = entry.name, (event.data.jurisdiction, entry.code(event.data))
        if name in unread:
            changes.failed[name] = unread[name]
            continue
        try:
            _merge(register, event, changes)
        except Exception as error:  # noqa: BLE001  # one entry's fault must not be all entries'
            changes.failed[name] = error
    return changes


def _merge(register: Register, event: Event, changes: Changes) -> None:
    merged = register.merge(event)
    if merged is None:
        return
    entry, where, code, _, after, reach = merged
    changes.entries[entry.name, (where, code)] = after
    changes.touches.update((where, *reached) for reached in reach)
    if entry is AGREEMENT:
        changes.agreements.add((where, code))
