"""Archives of events: NDJSON in any order, plain or under gzip, read and written line by line."""

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from rich.progress import TaskID

from services.commands.replay_shares import Share
from services.commands.terminal import counted, reading, say
from shared.domain import cloudevents
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidArgumentError, InvalidEventError, SetupError
from shared.domain.texts import plain

STANDARD = "-"
GZIP = b"\x1f\x8b"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CHUNK = 1 << 20
UNREADABLE = (OSError, EOFError, zlib.error)
"""What a file raises that cannot be read to its end, or is damaged under gzip."""
SHOWN = 100
"""Refused lines that are said one by one; a wrong file has as many as it has lines."""
EVERY = 1 << 12
"""Lines between two looks at how far the file was read."""


class Refusals:
    """Says each refused line at once on stderr, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, place: str, problem: str, _at: tuple[int, int] = (0, 0)) -> None:
        """Refuse what stands at `place`, a file with its line; `_at` are the numbers of both."""
        self.count += 1
        if self.count <= SHOWN:
            sys.stderr.write(f"{plain(place)}: {plain(problem)}\n")

    def conclude(self, taken: int) -> None:
        """Say how many there were, if any; raises InvalidArgumentError if nothing was `taken`."""
        if not self.count:
            return
        first = f", the first {SHOWN} are above" if self.count > SHOWN else ", see above"
        say(f"{counted(self.count, 'line')} refused{first}")
        if not taken:
            problem = "no line could be read as an event"
            raise InvalidArgumentError(f"{problem}. Give NDJSON of CloudEvents (docs/events.md)")


class Source(NamedTuple):
    """An archive that is being read: its lines, and how many bytes of its file were."""

    lines: Iterable[bytes]
    position: Callable[[], int]


def events(
    names: Sequence[str],
    refusals: Refusals,
    jurisdictions: frozenset[str] | None,
    share: Share | None = None,
) -> Iterator[Event]:
    """Read the events of several archives, each with its place: number of file and line, from 1.

    `jurisdictions` are those that have a policy; None takes all. `-` is standard input. With a
    `share`, lines surely of other shares are passed over unread. Raises InvalidArgumentError where
    a file cannot be read to its end.
    """
    with reading(_total(names)) as progress:
        yield from read(
            names,
            refusals,
            jurisdictions,
            share,
            lambda done: progress.update(TaskID(0), completed=done),
        )


def read(
    names: Sequence[str],
    refusals: Refusals,
    jurisdictions: frozenset[str] | None,
    share: Share | None = None,
    seen: Callable[[int], object] = lambda _: None,
) -> Iterator[Event]:
    """Read as `events` does, showing nothing; `seen` hears how many bytes were read."""
    before = 0
    for place, name in enumerate(names, 1):
        with opened(name) as source:
            told = _events(_Named(name, place), source.lines, refusals, jurisdictions, share)
            for count, event in enumerate(told):
                yield event
                if not count % EVERY:
                    seen(before + source.position())
            before += source.position()


class _Named(NamedTuple):
    """An archive as the command names it, and its place among them, from 1."""

    name: str
    place: int


def _events(
    file: _Named,
    lines: Iterable[bytes],
    refusals: Refusals,
    jurisdictions: frozenset[str] | None,
    share: Share | None,
) -> Iterator[Event]:
    structured, (name, place) = cloudevents.read_structured, file
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if share is not None and share.passes(line):
                continue
            try:
                event = structured(line, None, place, number)
                if jurisdictions is not None:
                    cloudevents.check_jurisdiction(event, jurisdictions)
            except InvalidEventError as error:
                # An empty line says nothing wrong.
                if line.strip() and (share is None or share.answers_for(line)):
                    refusals.add(f"{name}:{number}", str(error), (place, number))
                continue
            yield event
    except UNREADABLE as error:
        raise _broken(name, number, error) from error


@contextmanager
def opened(name: str) -> Iterator[Source]:
    """Open an archive for reading; gzip is told by its first bytes, not by the name."""
    if name == STANDARD:
        if sys.stdin.isatty():
            say("Reading events from standard input; Ctrl-D ends them")
        piped: Any = io.BufferedReader(cast("Any", sys.stdin.buffer), CHUNK)
        yield Source(_lines(name, piped), lambda: 0)
        piped.detach()
        return
    with _file(name, "rb") as file:
        yield Source(_lines(name, file), file.tell)


def _file(name: str, mode: Literal["rb", "wb"]) -> Any:
    try:
        return Path(name).open(mode, buffering=CHUNK)
    except OSError as error:
        problem = f"{name} cannot be {'read' if mode == 'rb' else 'written'}"
        raise InvalidArgumentError(f"{problem}: {error.strerror}. Check the path") from error


def _lines(name: str, file: Any) -> Iterable[bytes]:
    """Unpack what is under gzip, and pass over the mark with which some programs begin UTF-8."""
    try:
        packed = file.peek(len(GZIP))[: len(GZIP)] == GZIP
        # GzipFile reads lines in Python, a buffer in front of it in C.
        lines: Any = io.BufferedReader(gzip.GzipFile(fileobj=file), CHUNK) if packed else file
        mark = lines.peek(len(codecs.BOM_UTF8))[: len(codecs.BOM_UTF8)]
    except UNREADABLE as error:
        raise _broken(name, 0, error) from error
    if mark.startswith(UTF_16):
        raise InvalidArgumentError(f"{name} is UTF-16: save it as UTF-8, one event a line")
    if mark == codecs.BOM_UTF8:
        lines.read(len(mark))
    return cast("Iterable[bytes]", lines)


def _broken(name: str, line: int, error: Exception) -> InvalidArgumentError:
    problem = f"{name} cannot be read after line {line:,}: {reason(error)}"
    return InvalidArgumentError(f"{problem}. Fetch it again")


def reason(error: Exception) -> str:
    """Say why something could not be read or written, without the path that a message names."""
    return str(getattr(error, "strerror", None) or error or "it ends too early")


def _total(names: Sequence[str]) -> int | None:
    """Give the bytes to read, unknown where one comes from standard input."""
    try:
        return None if STANDARD in names else sum(Path(name).stat().st_size for name in names)
    except OSError:
        return None


@contextmanager
def written(name: str) -> Iterator[Callable[[bytes], object]]:
    """Give what writes bytes to a file, under gzip if its name ends so, or to standard output.

    The same bytes give the same file. Raises InvalidArgumentError if it cannot be made, SetupError
    if it takes no more.
    """
    if name == STANDARD:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    try:
        with _file(name, "wb") as file:
            yield from _writing(name, file)
    except OSError as error:
        raise SetupError(f"{name} cannot be written: {reason(error)}. Free some space") from error


def _writing(name: str, file: Any) -> Iterator[Callable[[bytes], object]]:
    if not name.endswith(".gz"):
        yield file.write
        return
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        yield packed.write
