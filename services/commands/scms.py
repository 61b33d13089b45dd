"""`vbp import scms`: turns the history of real deliveries into events."""

from pathlib import Path

import msgspec

from services.commands.archives import Refusals, written
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
    try:
        with written(out) as write:
            for event in scms.events(file, refuse):
                write(msgspec.json.encode(event) + b"\n")
                count += 1
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(f"{file} cannot be read: {error}") from error
    say(f"{counted(count, 'event')} of jurisdiction {scms.JURISDICTION}")
    refusals.conclude(count)
