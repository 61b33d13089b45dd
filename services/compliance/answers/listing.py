"""The queries of lists of violations: by filters, and by what of the whole somebody sees.

PostgreSQL keeps back what somebody may not see, row by row; a list of somebody who sees little
would so read all rows to find its own. What is said here besides is where a list can begin.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final, NamedTuple

from services.compliance.answers.filters import PREDICATES, Filters
from services.compliance.answers.paging import ListPlace
from shared.domain.principal import Party

_WANTED: Final = "/* wanted */ true"
_NAMED: Final = frozenset({"manufacturer", "distributor", "hospital"})
"""The columns that name a party."""

_FOUND_BEFORE: Final = (
    "detected_at < {0} AND occurred_at < {0} + interval '1 day'",
    (
        "detected_at < {0} AND occurred_at >= {0} + interval '1 day'"
        " AND occurred_at - detected_at > interval '1 day'"
    ),
)
"""Almost nothing is found more than a day before it occurs: the list begins a day behind, and the
rest is in an index of its own."""


class Scope(NamedTuple):
    """What somebody sees: of which jurisdictions, and what concerns which parties; None is all."""

    jurisdictions: frozenset[str] | None = None
    parties: frozenset[Party] | None = None


WHOLE: Final = Scope()


class Query(NamedTuple):
    """A query and the values of its parameters."""

    text: str
    values: list[Any]


def codes_by_kind(parties: frozenset[Party]) -> dict[str, list[str]]:
    """Give the codes of parties by their kind, both in order."""
    kinds: dict[str, list[str]] = {}
    for party in sorted(parties):
        kinds.setdefault(party.kind, []).append(party.code)
    return kinds


def listing(
    query: str, filters: Filters, after: ListPlace | None, limit: int, scope: Scope = WHOLE
) -> Query:
    """Compose the query of a page (`list` of violations.sql or as_of.sql).

    Of several values each has a sorted list of its own, planned by what is known of that value,
    and the lists are merged: one list for all would have to be sorted whole. A list as of an
    instant is four already, and has none of them. Only texts of this module go into the SQL; what
    the caller wrote goes into parameters.
    """
    lists = _Lists(query, filters, limit, scope, apart=filters.as_of is None)
    if after is not None:
        lists.all_hold("(occurred_at, id) < ({}, {})", *after)
    texts = lists.texts()
    if len(texts) == 1:
        return Query(texts[0], lists.values)
    merged = " UNION ALL ".join(f"({one})" for one in texts)
    return Query(f"{merged} ORDER BY occurred_at DESC, id DESC LIMIT $1", lists.values)


def finding(query: str, filters: Filters, most: int, scope: Scope = WHOLE) -> Query:
    """Compose the query of the ids that the filters let through (`some`), so many at most."""
    lists = _Lists(query, filters, most, scope, apart=False)
    texts = lists.texts()
    merged = " UNION ALL ".join(f"({one})" for one in texts)
    text = f"SELECT id FROM ({merged}) AS found LIMIT $1"  # noqa: S608  # as above
    return Query(text, lists.values)


def counting(found: Query) -> Query:
    """Compose the query that counts what another gives."""
    text = f"SELECT count(*) AS count FROM ({found.text}) AS few"  # noqa: S608  # as above
    return Query(text, found.values)


class _Lists:
    """The lists that together hold what is wanted, and the values of their parameters."""

    def __init__(
        self, query: str, filters: Filters, limit: int, scope: Scope, *, apart: bool
    ) -> None:
        self._query = query
        self.values: list[Any] = [limit]
        self._choices: list[list[str]] = []
        self._then = filters.as_of is not None
        if self._then:
            self.values.append(filters.as_of)
        given = filters.given()
        for name, value in given.items():
            self._choices.append(self._predicates(name, value, apart=apart))
        if scope.jurisdictions is not None and "jurisdiction" not in given:
            places = sorted(scope.jurisdictions)
            self._choices.append(self._predicates("jurisdiction", places, apart=apart) or ["false"])
        if scope.parties is not None:
            self._choices.append(list(self._concerning(scope.parties)) or ["false"])

    def all_hold(self, predicate: str, *values: Any) -> None:
        """Have something hold in all lists."""
        self._choices.append([predicate.format(*map(self._place, values))])

    def texts(self) -> list[str]:
        """Give the lists."""
        return [
            self._query.replace(_WANTED, " AND ".join(chosen) or _WANTED)
            for chosen in product(*self._choices)
        ]

    def _place(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def _predicates(self, name: str, value: Any, *, apart: bool) -> list[str]:
        """Give the alternatives of a filter: that each lets through is in a list of its own."""
        if name == "detected_to" and not self._then:
            place = self._place(value)
            return [one.format(place) for one in _FOUND_BEFORE]
        several = value if isinstance(value, list) else [value]
        if apart or len(several) == 1:
            return [PREDICATES[name].format(self._place(one)) for one in several]
        return [PREDICATES[name].format(f"ANY({self._place(several)}::text[])")] if several else []

    def _concerning(self, parties: frozenset[Party]) -> Iterator[str]:
        """Give how a violation concerns parties: it accuses one, or names it.

        What concerns them in several ways is given once, in the first of these.
        """
        before = ""
        for concerns in self._ways(parties):
            yield f"{concerns}{before}"
            before += f" AND ({concerns}) IS NOT TRUE"

    def _ways(self, parties: frozenset[Party]) -> Iterator[str]:
        for kind, codes in codes_by_kind(parties).items():
            role = self._place(kind)
            one = self._place(codes[0] if len(codes) == 1 else codes)
            code = one if len(codes) == 1 else f"ANY({one}::text[])"
            yield f"accused_role = {role} AND accused = {code}"
            if kind in _NAMED:
                yield f"{kind} = {code}"
