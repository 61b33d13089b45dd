"""Cases as the API gives them: in a list, and one in full."""

from msgspec import Struct

from services.compliance.findings.verification import Chain


class CaseCounts(Struct, frozen=True):
    """How many violations a case has that were not withdrawn.

    `exempt` ones count nowhere else; `open` ones go on.
    """

    found: int
    open: int
    breach: int
    explain: int
    warning: int
    exempt: int


class CaseItem(Struct, frozen=True, kw_only=True):
    """A case: what one party (`accused_role`, `accused`) is accused of under a rule in a month.

    `judged` is how many things of its month, and of what lasts, the rule judged of the party.
    `due` is the last day for its next step, `overdue` whether that is past. `corrections_due` are
    violations that a letter lists and the facts took back since.
    """

    id: str
    jurisdiction: str
    rule: str
    month: str
    accused_role: str
    accused: str
    name: str | None
    counts: CaseCounts
    judged: int
    stage: str
    outcome: str
    round: int
    assignee: str | None
    due: str | None
    overdue: bool
    closed_at: str | None
    corrections_due: int


class CaseTotal(Struct, frozen=True):
    """How many cases the filters let through, and how many of them have violations that go on.

    The count stops at a limit, so that it stays cheap; `at_least` says that it did.
    """

    count: int
    open: int
    at_least: bool


class CasePage(Struct, frozen=True):
    """A page of cases, the latest month first, and how many there are on all pages."""

    items: list[CaseItem]
    next_page_token: str | None
    total: CaseTotal


class CaseShare(Struct, frozen=True):
    """How many violations of a case stand so: by the machine, by people, and how heavy."""

    status: str
    review: str
    stale: bool
    severity: str
    exempt: bool
    count: int


class CaseDay(Struct, frozen=True):
    """How much that stands in a case occurred on a day, and how much of that goes on."""

    day: str
    found: int
    open: int


class SinceNotice(Struct, frozen=True):
    """What has become of a case since its last notice was issued.

    Notices list `listed` violations; of those `taken_back` were withdrawn, exempted or moved to
    another case, and `over` went on then and do not now. None lists `added` that stand.
    """

    issued_at: str
    listed: int
    taken_back: int
    over: int
    added: int


class CaseDelivery(Struct, frozen=True):
    """That a letter came to the party by a channel on a day, and the day on which it counts.

    `received_by` is null where it is not for who asks, or was taken away.
    """

    channel: str
    day: str
    received: str
    received_by: str | None
    noted_by: str


class CaseLetter(Struct, frozen=True):
    """A letter of a case: a draft until it has a number, then frozen; `sha256` is of its bytes.

    `listed` is how many violations it lists, `wrong` how many of them were taken back since and
    not corrected. `language` is zh or en, `deliveries` how it came to the party. `intact` says
    whether its bytes are those that the history names.
    """

    n: int
    kind: str
    text: str
    drafted_by: str
    drafted_at: str
    number: str | None
    issued_by: str | None
    issued_at: str | None
    due: str | None
    sha256: str | None
    signed_with: str | None
    listed: int
    wrong: int
    intact: bool | None
    language: str
    deliveries: list[CaseDelivery]


class CaseLine(Struct, frozen=True):
    """A line of the history of a case; `text` is null where it is not for who asks, or erased."""

    seq: int
    at: str
    actor: str
    on_behalf: str | None
    change: str
    stage: str
    letter: int | None
    text: str | None
    hash: str


class CaseInFull(CaseItem, frozen=True, kw_only=True):
    """A case with what it is made of, its letters, and its history with the chain checked.

    `seq` is what If-Match names: people's steps alone move it. `grew` says that violations were
    found after it was closed, `since_notice` what changed since its party was told (null: it was
    not). `allowed` are the steps that whoever asks may take now.
    """

    seq: int
    grew: int
    shares: list[CaseShare]
    days: list[CaseDay]
    since_notice: SinceNotice | None
    letters: list[CaseLetter]
    history: list[CaseLine]
    chain: Chain
    allowed: list[str]
    letter_kinds: list[str]
