"""`vbp import scms`: turns the history of real deliveries into events."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from services.commands.archives import UNREADABLE, Refusals, reason, written
from services.commands.terminal import counted, say
from services.sources import scms
from shared.domain.errors import InvalidArgumentError


def run(file: Path, out: str, refusals: Refusals) -> None:
    """Write two events for each line of `file`, as NDJSON; a line that cannot be told is refused.

    Raises InvalidArgumentError when `file` is not the history.
    """

    def refuse(refusal: scms.Refusal) -> None:
        refusals.add(
            f"{file}:{refusal.line}", f"{refusal.field} is {refusal.value!r}: {refusal.remedy}"
        )

    count = 0
    with written(out) as write:
        for event in _told(file, refuse):
            write(msgspec.json.encode(event) + b"\n")
            count += 1
    say(f"{counted(count, 'event')} of jurisdiction {scms.JURISDICTION}")
    refusals.conclude(count)


def _told(file: Path, refuse: Callable[[scms.Refusal], None]) -> Iterator[dict[str, object]]:
    try:
        yield from scms.events(file, refuse)
    except (*UNREADABLE, UnicodeDecodeError) as error:
        raise InvalidArgumentError(
            f"{file} cannot be read: {reason(error)}. Check the path"
        ) from error
