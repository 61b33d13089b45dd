"""Judges archives with all processors: each process reads all, and judges its share.

First of orders; then each gives to the others what its orders contribute to records that they
gather, and judges those of its own.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from typing_extensions import override

from services.commands.archives import GZIP, STANDARD, Refusals, events, read
from services.commands.replay_shares import Share
from services.compliance.findings.violation import Violation
from services.compliance.judging.contributions.contribution import Transfer
from services.compliance.judging.defect import Defect
from services.compliance.judging.replay import Replay
from services.compliance.judging.subjects import ON_PAYMENTS, Subject
from services.compliance.register.names import NAMING, Names
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidArgumentError, TransientError

T = TypeVar("T")

PROCESSES_AT_MOST = 8
"""More processes would each read the whole archive for little to judge."""

WORTH = 8 << 20
"""Bytes of events below which one process is done before others have begun."""

PACKED = 8
"""How many times shorter events are under gzip, about."""


class Refused(Struct, frozen=True, array_like=True, order=True):
    """A refused line, in the order of archives and lines."""

    at: tuple[int, int]
    place: str
    problem: str


class Half(Struct, array_like=True):
    """What came of the orders of one share; `given` are contributions to each, written.

    `told` events count, `late` ones were told too late to; `broken` is why an archive could not be
    read to its end.
    """

    told: int = 0
    late: int = 0
    refused: list[Refused] = []
    broken: str | None = None
    given: list[bytes] = []


class Whole(Struct, array_like=True):
    """What came of one share in the end."""

    found: list[Violation] = []
    unjudged: list[tuple[tuple[str, str], int]] = []
    defects: list[tuple[Subject, Defect]] = []
    contradictions: list[tuple[tuple[str, str], int]] = []


class Kept(Refusals):
    """Keeps refusals until those of all shares can be said in order."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[Refused] = []

    @override
    def add(self, place: str, problem: str, at: tuple[int, int] = (0, 0)) -> None:
        """Keep a refusal."""
        self.refused.append(Refused(at, place, problem))


class Archive:
    """Archives by name, the jurisdictions that are taken (None: all), and who judges them.

    `names` are how those are called of whom it tells.
    """

    def __init__(
        self, replay: Replay, files: Sequence[str], jurisdictions: frozenset[str] | None
    ) -> None:
        self.replay = replay
        self.files = files
        self.jurisdictions = jurisdictions
        self.names = Names()

    def judge(self, refusals: Refusals) -> tuple[int, int]:
        """Judge everything; the replay can then conclude.

        Gives how many events count, and how many were told too late to. Raises
        InvalidArgumentError where a file cannot be read to its end, TransientError where a process
        ends before its time.
        """
        count = processes(self.files)
        if count == 1:
            counts = self._tell(events(self.files, refusals, self.jurisdictions), Share(0, 1))
            self.replay.judge_orders()
            self.replay.gather()
            return counts
        others = [_begun(self, Share(number, count)) for number in range(1, count)]
        try:
            return self._joined(others, Share(0, count), refusals)
        finally:
            for process, answer in others:
                process.terminate()
                process.join()
                answer.close()

    def answer(self, first: Connection, share: Share) -> None:
        """Judge a share in a process of its own, and send what came of it to the first one."""
        # Ctrl-C reaches every process; the first one says what there is to say.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        half = self._half(share, read)
        first.send_bytes(_encode(half))
        if half.broken is None:
            for given in msgspec.msgpack.decode(first.recv_bytes(), type=list[bytes]):
                self.replay.take(_decode_given(given))
            self.replay.gather()
            first.send_bytes(_encode(self._whole()))
        first.close()

    def _joined(
        self, others: list[tuple[ForkProcess, Connection]], share: Share, refusals: Refusals
    ) -> tuple[int, int]:
        own = self._half(share, events)
        halves = [own, *(_received(answer, Half) for _, answer in others)]
        for line in sorted(line for half in halves for line in half.refused):
            refusals.add(line.place, line.problem)
        for half in halves:
            if half.broken is not None:
                raise InvalidArgumentError(half.broken)
        for number, (_, answer) in enumerate(others, 1):
            answer.send_bytes(_encode([half.given[number] for half in halves]))
        for half in halves:
            self.replay.take(_decode_given(half.given[share.number]))
        self.replay.gather()
        for _, answer in others:
            whole = _received(answer, Whole)
            counts = dict(whole.unjudged), dict(whole.contradictions)
            self.replay.join(whole.found, *counts, dict(whole.defects))
        return sum(half.told for half in halves), sum(half.late for half in halves)

    def _half(self, share: Share, reading: Callable[..., Iterable[Event]]) -> Half:
        """Judge the orders of a share, if the archive can be read to its end."""
        self.replay.mine = share.gathers
        kept, half = Kept(), Half()
        told = reading(self.files, kept, self.jurisdictions, share)
        try:
            half.told, half.late = self._tell(told, share)
        except InvalidArgumentError as error:
            half.broken = str(error)
        else:
            self.replay.judge_orders(share.has, first=share.number == 0)
            given: list[list[Transfer]] = [[] for _ in range(share.of)]
            for transfer in self.replay.give_away():
                given[share.gathering(transfer.target)].append(transfer)
            half.given = [_encode(each) for each in given]
        half.refused = kept.refused
        return half

    def _whole(self) -> Whole:
        replay = self.replay
        return Whole(
            replay.found,
            list(replay.unjudged.items()),
            list(replay.defects.items()),
            list(replay.contradictions.items()),
        )

    def _tell(self, told: Iterable[Event], share: Share) -> tuple[int, int]:
        tell, owns, alone = self.replay.tell, share.owns, share.of == 1
        name, until = self.names.take, self.replay.moment.now
        count = late = 0
        for event in told:
            if type(event.data) in NAMING and event.told <= until:
                name(event)
            if alone or owns(event):
                if tell(event):
                    count += 1
                else:
                    late += 1
            elif type(event.data) in ON_PAYMENTS:
                # Any order may have been paid.
                tell(event)
            else:
                # The law must be whole in every process.
                self.replay.know(event)
        return count, late


def processes(files: Sequence[str]) -> int:
    """Give how many processes are worth their while; what can be read only once takes one."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    if any(name == STANDARD or not Path(name).is_file() for name in files):
        return 1
    if sum(_bytes(Path(name)) for name in files) < WORTH:
        return 1
    return min(os.cpu_count() or 1, PROCESSES_AT_MOST)


def _bytes(path: Path) -> int:
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
        return path.stat().st_size * (PACKED if packed else 1)
    except OSError:
        return 0


def _begun(archive: Archive, share: Share) -> tuple[ForkProcess, Connection]:
    forking = multiprocessing.get_context("fork")
    answer, sender = forking.Pipe()
    process = forking.Process(target=archive.answer, args=(sender, share), daemon=True)
    process.start()
    # Only the process may hold this end, so that its death is heard at the other.
    sender.close()
    return process, answer


def _received(answer: Connection, kind: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(answer.recv_bytes(), type=kind)
    except EOFError:
        problem = "a process that judged a part of the archive ended before it was done"
        raise TransientError(f"{problem}. Try again, with more memory free") from None


_encode = msgspec.msgpack.Encoder().encode
_decode_given = msgspec.msgpack.Decoder(list[Transfer]).decode
