"""What is answered of the service itself: how far it is, what waits, what could not be taken."""

from datetime import datetime

from msgspec import Struct


class Partition(Struct):
    """How far a partition was read and heard, and the worker that holds it.

    Offsets are the broker's plus `base`, what earlier topics of that name held.
    `unread` says that nobody has asked the broker about it for half a minute, `waits` that the rest
    of it lies behind a transaction that its publisher has not ended.
    """

    topic: str
    partition: int
    base: int
    next_offset: int
    end_offset: int
    lag: int
    heard_until: datetime
    owner: str | None
    unread: bool
    waits: bool


class LossShown(Struct):
    """What the broker lost of a partition before it was read; `vbp losses` acknowledges it.

    Offsets `[first_offset, next_offset)` as ours are counted: they go on when a topic was made
    again. `cause`: `removed` unread, `made_again` under its name, `cut_off` behind what was read.
    """

    id: int
    topic: str
    partition: int
    cause: str
    first_offset: int
    next_offset: int
    noticed_at: datetime


class UnjudgedCount(Struct):
    """How many records a rule cannot judge, because the register lacks a term."""

    jurisdiction: str
    rule: str
    missing: str
    count: int


class DeadLetter(Struct):
    """An input that could not be taken, and why; it lies unchanged on vbp.dead-letters.v1."""

    topic: str
    partition: int
    offset: int
    told: datetime
    field: str
    reason: str


class ContradictionCount(Struct):
    """How many events contradict others; they change no judgement."""

    jurisdiction: str
    kind: str
    count: int


class ContradictionShown(Struct):
    """An event that does not agree with the one that holds, each by its source and id.

    `told-otherwise`: the same thing with other contents, of which the first telling holds.
    `other-product`: about another product than its order.
    """

    noticed_at: datetime
    jurisdiction: str
    order: str
    kind: str
    thing: str
    source: str
    id: str
    holds_source: str
    holds_id: str


class ContradictionPage(Struct):
    """Contradictions, newest first; `next_page_token` asks for those before them."""

    items: list[ContradictionShown]
    next_page_token: str | None


class Contradictions(Struct):
    """Contradictions: how many, and the last ones; /v1/contradictions lists all."""

    counts: list[ContradictionCount]
    last: list[ContradictionShown]


class Count(Struct):
    """A count that stops at a limit, so that it stays cheap; `at_least` says that it did."""

    count: int
    at_least: bool


class DeadLetters(Struct):
    """Dead letters: how many, and the last ones, newest first."""

    count: int
    at_least: bool
    last: list[DeadLetter]


class Due(Struct):
    """Records to judge again: their time has come, or all that they waited for was heard."""

    by_clock: Count
    by_hearing: Count


class QuarantinedRecord(Struct):
    """A record on which the program failed.

    `remedy` brings it back: a newer version that judges it again (`judge`), or that makes it anew
    from its facts (`rebuild`).
    """

    jurisdiction: str
    kind: str
    key: str
    remedy: str
    error: str
    version: str
    since: datetime


class Quarantine(Struct):
    """Records that were set aside for a defect of the program, all others being judged.

    What was last said of them stands; `first` are those set aside longest ago.
    """

    count: int
    at_least: bool
    first: list[QuarantinedRecord]


class ServiceStatus(Struct):
    """How far the service is; findings that rest on silence are complete until `heard_until`.

    It stands while a partition is unread, waits for a transaction, or has lost something that
    nobody has acknowledged: `losses` are those, the newest first.
    """

    heard_until: datetime | None
    lag: int
    unjudged: list[UnjudgedCount]
    contradictions: Contradictions
    dead_letters: DeadLetters
    quarantined: Quarantine
    touches_waiting: Count
    due: Due
    untold: Count
    losses: list[LossShown]
    partitions: list[Partition]


class ChangeShown(Struct, frozen=True):
    """A change of a violation; `seq` is the number of its line, `at` when that was written."""

    id: str
    seq: int | None
    change: str
    rule: str | None
    status: str | None
    review: str | None
    at: str | None


class ChangesPage(Struct, frozen=True):
    """Changes in the order of the bus, and where to go on.

    `reset` says that too much was missed: the list is to be read anew.
    """

    items: list[ChangeShown]
    next: str
    reset: bool
