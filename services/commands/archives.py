"""Archives of events: NDJSON in any order, plain or under gzip, read and written line by line."""

import gzip
import io
import os
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

from rich.progress import TaskID

from services.commands.console import counted, reading, say
from services.compliance.intake import check_jurisdiction
from shared.domain import cloudevents
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidArgumentError, InvalidEventError

STANDARD = "-"
GZIP = b"\x1f\x8b"
CHUNK = 1 << 20
EVERY = 1 << 12
"""Lines between two looks at how far the file was read."""


class Refusals:
    """Says each refused line at once on stderr, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, place: str, problem: str) -> None:
        """Refuse what stands at `place`, a file with its line."""
        self.count += 1
        sys.stderr.write(f"{place}: {problem}\n")

    def conclude(self) -> None:
        """Say how many there were, if any."""
        if self.count:
            say(f"{counted(self.count, 'line')} refused, see above")


class Source(NamedTuple):
    """An archive that is being read: its lines, and where its file stands in bytes."""

    lines: IO[bytes]
    position: Callable[[], int]


def events(
    names: Sequence[str], refusals: Refusals, jurisdictions: frozenset[str] | None
) -> Iterator[Event]:
    """Read the events of several archives, each with its place: number of file and line, from 1.

    `jurisdictions` are those that have a policy; None takes all. `-` is standard input. Raises
    InvalidArgumentError where a file cannot be read to its end.
    """
    with reading(_total(names)) as progress:
        before = 0
        for place, name in enumerate(names, 1):
            with opened(name) as source:

                def advance(source: Source = source, before: int = before) -> None:
                    progress.update(TaskID(0), completed=before + source.position())

                yield from _events(name, place, source, refusals, jurisdictions, advance)
                before += source.position()


def _events(  # noqa: PLR0913, PLR0917  # one loop, and what it needs at hand
    name: str,
    place: int,
    source: Source,
    refusals: Refusals,
    jurisdictions: frozenset[str] | None,
    advance: Callable[[], None],
) -> Iterator[Event]:
    read = cloudevents.read_structured
    number = 0
    try:
        for number, line in enumerate(source.lines, 1):
            try:
                event = read(line, None, place, number)
                if jurisdictions is not None:
                    check_jurisdiction(event, jurisdictions)
            except InvalidEventError as error:
                if line.strip():
                    refusals.add(f"{name}:{number}", str(error))
                continue
            yield event
            if not number % EVERY:
                advance()
    except (OSError, EOFError, zlib.error) as error:
        problem = f"{name} cannot be read after line {number}: {error}"
        raise InvalidArgumentError(f"{problem}. Fetch it again") from error


@contextmanager
def opened(name: str) -> Iterator[Source]:
    """Open an archive for reading; gzip is told by its first bytes, not by the name."""
    if name == STANDARD:
        raw = cast("BinaryIO", io.BufferedReader(_Piped(sys.stdin.buffer), CHUNK))
        yield Source(_unpacked(cast("io.BufferedReader", raw)), raw.tell)
        return
    try:
        file = Path(name).open("rb", buffering=CHUNK)  # noqa: SIM115  # closed below
    except OSError as error:
        raise InvalidArgumentError(f"{name} cannot be read: {error.strerror}") from error
    with file:
        yield Source(_unpacked(file), file.tell)
