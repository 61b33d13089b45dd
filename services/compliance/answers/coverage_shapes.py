"""What the answer about coverage is made of."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.compliance.answers.coverage_pairs import Reason, State

Waits = Literal["ahead", "hearing", "judging"]
"""Why a gap is no violation yet: it has not begun; not all that was told before it was heard;
its product waits for its turn to be judged."""


class CoveredPair(Struct, frozen=True):
    """A hospital that takes part with a product, and how many distributors may deliver to it.

    `missing` is the term of the register without which it is `unjudged`.
    """

    hospital: str
    product: str
    state: State
    distributors: int
    missing: str | None


class ProductShown(Struct, frozen=True):
    """A product: who supplies it at the instant, and what it is."""

    product: str
    manufacturer: str | None
    category: str | None


class AppointedShown(Struct, frozen=True):
    """How many distributors a product has in an area, of at most how many in principle."""

    product: str
    area: str
    distributors: int
    cap: int | None
    over: bool


class Gap(Struct, frozen=True):
    """A hospital without a distributor for a product, since when, and why.

    `violation` is the one that tells it; while none does, `waits` says why.
    """

    hospital: str
    area: str
    product: str
    manufacturer: str | None
    since: str
    reason: Reason | None
    exempt: bool
    violation: UUID | None
    waits: Waits | None


class HospitalShown(Struct, frozen=True):
    """A hospital, and the area in which it stands at the instant; null where nobody enrolled it."""

    hospital: str
    area: str | None


class Coverage(Struct, frozen=True):
    """Hospitals with products at an instant; pairs that do not take part are left out.

    `totals` counts all pairs by state, whatever is left out by `gaps`. `names` are how hospitals,
    products and manufacturers are called now, by what they are.
    """

    jurisdiction: str
    at: str
    area: str | None
    product: str | None
    hospitals: list[HospitalShown]
    products: list[ProductShown]
    pairs: list[CoveredPair]
    appointed: list[AppointedShown]
    gaps: list[Gap]
    totals: dict[str, int]
    names: dict[str, dict[str, str]]
