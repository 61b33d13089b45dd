"""What answers are made of, and built as; the OpenAPI document follows from it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from services.compliance.answers.bulletin import IssuedBulletins
from services.compliance.answers.case_shapes import CaseInFull, CasePage
from services.compliance.answers.catalogue import PoliciesShown, PolicyShown, Rules
from services.compliance.answers.coverage_shapes import Coverage
from services.compliance.answers.denominators import Matrix, Parties, PartyShown
from services.compliance.answers.exemption_shapes import ExemptionPage
from services.compliance.answers.letters import LetterPage
from services.compliance.answers.names import NamedViolation
from services.compliance.answers.receipts import Receipt
from services.compliance.answers.service_shapes import ChangesPage, ContradictionPage, ServiceStatus
from services.compliance.answers.trends import Trends
from services.compliance.answers.webhook_shapes import Deliveries, Webhooks, WebhookSecret
from services.compliance.findings.verification import Chain
from services.compliance.findings.violation import Violation

Instant = Annotated[
    str, Meta(description="UTC, microseconds, Z", examples=["2022-03-01T01:30:00.000000Z"])
]


class Page(Struct):
    """Violations, newest first; `next_page_token` is null on the last page."""

    items: list[NamedViolation]
    next_page_token: str | None


class HistoryLine(Struct):
    """A change; `body` is the violation as told then, null if nothing is found any more.

    A line that a person wrote has no body either, but a `review`: from which state to which, why,
    and the hash of `text`, which is null where nothing was written or it was taken away since.

    `hash` is the SHA-256, in hex, of the hash before (nothing for the first) and of the UTF-8
    bytes of `line`, so that whoever has the answer can check the chain without us.
    """

    seq: int
    at: Instant
    actor: str
    change: str
    body: Violation | None
    causes: list[dict[str, Any]]
    supersedes: list[str]
    line: str
    hash: str
    review: dict[str, Any] | None = None
    text: str | None = None


class HeardEvent(Struct):
    """An event as it was heard; `data` are its own words, null if they were made unreadable.

    `recordedtime` stands where it is later than `time`: any other counts for nothing.
    """

    time: Instant
    recordedtime: Instant | None
    told: Instant
    data: dict[str, Any] | None


class FactShown(Struct):
    """What a piece of evidence points at; `event` is null where it is no longer kept.

    `verified` says whether the event is the one that the evidence names, in all that is shown of
    it; `problem` names what is not.
    """

    id: str
    source: str
    type: str
    topic: str
    partition: int
    offset: int
    verified: bool | None
    problem: str | None
    event: HeardEvent | None


class More(Struct):
    """Where the rest of each part is, as an address of this API; null where all is shown."""

    evidence: str | None
    facts: str | None
    history: str | None


class AttachmentShown(Struct, frozen=True):
    """A file that lies beside the line `seq`, of `size` bytes; an erased one has a hash alone."""

    seq: int
    sha256: str
    name: str
    type: str
    size: int
    erased: bool


class ViolationInFull(NamedViolation, frozen=True, kw_only=True):
    """A violation with its history, the facts it rests on, and whether the history holds.

    `evidence`, `facts` and `history` are the first of each; `next` links what follows. The chain
    was checked whole. `case` is the case (/v1/cases/…) that it belongs to now.
    """

    case: str
    attachments: list[AttachmentShown]
    history: list[HistoryLine]
    facts: list[FactShown]
    chain: Chain
    evidence_count: int
    history_count: int
    next: More


class EvidencePage(Struct):
    """What a violation rests on, all as one line of its history tells it."""

    items: list[dict[str, Any]]
    next_page_token: str | None


class FactPage(Struct):
    """The events that the evidence points at, in the order of the evidence."""

    items: list[FactShown]
    next_page_token: str | None


class HistoryPage(Struct):
    """Changes of a violation, oldest first; a line that is large comes alone."""

    items: list[HistoryLine]
    next_page_token: str | None


class DisputedOne(Struct):
    """A violation that is disputed now, and the number of the line that says so."""

    id: str
    seq: int


class Disputed(Struct):
    """A dispute that was raised; `dispute` stands in the line of each violation, if several."""

    dispute: str | None
    violations: list[DisputedOne]


class SkippedOne(Struct):
    """A violation of which an act was not done; `why` is the kind of problem, or busy."""

    id: str
    why: str


class ManyDone(Struct):
    """Of how many violations an act was done, and of which not."""

    done: int
    skipped: list[SkippedOne]


ANSWERS: tuple[type[Struct], ...] = (
    Receipt,
    LetterPage,
    CaseInFull,
    CasePage,
    Coverage,
    ExemptionPage,
    Matrix,
    Parties,
    PartyShown,
    Page,
    ViolationInFull,
    EvidencePage,
    FactPage,
    HistoryPage,
    Rules,
    PoliciesShown,
    PolicyShown,
    ServiceStatus,
    ContradictionPage,
    ChangesPage,
    ManyDone,
    Disputed,
    IssuedBulletins,
    Webhooks,
    WebhookSecret,
    Deliveries,
    Trends,
)
"""What the routes answer with; their parts follow from them."""

_REFERENCE = "#/components/schemas/{name}"


def schemas() -> dict[str, Any]:
    """Give the JSON schemas of all answers and their parts, by name."""
    _, components = msgspec.json.schema_components(ANSWERS, ref_template=_REFERENCE)
    return dict(components)


def ok(shape: type[Struct]) -> dict[int | str, dict[str, Any]]:
    """Declare the answer of a route: part of its `responses=`."""
    content = {"application/json": {"schema": {"$ref": _REFERENCE.format(name=shape.__name__)}}}
    return {200: {"description": (shape.__doc__ or "").split("\n", 1)[0], "content": content}}
