"""Exemptions (豁免) of a jurisdiction: what each says, where it stands today, and what it covers.

All of a jurisdiction are read at once, as a worker reads them with its law: they are few. What one
covers is a list of violations like any other, so that the list, its count and its link agree.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec

from services.compliance.answers import paging, violations
from services.compliance.answers.database import Database
from services.compliance.answers.exemption_shapes import (
    ExemptionPage,
    ExemptionsAsked,
    ExemptionShown,
    Standing,
)
from services.compliance.answers.filters import Filters
from services.compliance.answers.names import called
from services.compliance.answers.service_shapes import Count
from services.compliance.register.exemption import CONSOLE, Exemption
from services.compliance.rules import RULES
from shared.adapters.identity.asker import everything
from shared.adapters.postgres import queries
from shared.domain.calendar import instant_text, start_of
from shared.domain.topics import NUMBER_OF, REGISTER

QUERIES = queries(Path(__file__).with_suffix(".sql"))

MOST_EXAMINED: Final = 500
"""Exemptions of which a page asks whether they cover anything; the next goes on behind them."""

_RULES = frozenset(rule.name for rule in RULES)

_read = msgspec.msgpack.Decoder(Exemption).decode

Told = Mapping[str, Any]
"""The data of an event, as it came."""


class Today(NamedTuple):
    """The day that it is in China, and how many days before its end an exemption ends soon."""

    day: date
    ending: int

    def state(self, one: Exemption) -> Standing:
        """Say where an exemption stands."""
        if one.end <= self.day:
            return "expired"
        return "future" if one.start > self.day else "active"

    def expiring(self, one: Exemption) -> bool:
        """Whether an exemption is active and ends soon."""
        return self.state(one) == "active" and one.end - self.day <= timedelta(days=self.ending)

    def lets(self, one: Exemption, state: str | None) -> bool:
        """Whether an exemption is in a state, as far as its days tell that."""
        if state == "expiring":
            return self.expiring(one)
        return state in {None, "covering-nothing", self.state(one)}


class Covering(NamedTuple):
    """How many violations an exemption covers that were not withdrawn, and how many are upheld."""

    covers: Count
    upheld: Count


NOTHING: Final = Covering(Count(0, at_least=False), Count(0, at_least=False))


def covered_by(jurisdiction: str, one: Exemption) -> Filters:
    """Give the filters that let through just what an exemption covers and was not withdrawn.

    They are not checked once more: a rule or a code that no list takes covers nothing.
    """
    parties: dict[str, Any] = dict(one.parties)
    return Filters.model_construct(
        jurisdiction=jurisdiction,
        rule=[one.rule],
        status=["closed", "open"],
        occurred_from=start_of(one.start),
        occurred_to=start_of(one.end),
        **parties,
    )


def address_of(filters: Filters) -> str | None:
    """Give the address of a list of violations; None for a rule that no list takes."""
    if not _RULES.issuperset(filters.rule):
        return None
    given = {
        name: instant_text(value) if isinstance(value, datetime) else value
        for name, value in filters.given().items()
    }
    return f"/v1/violations?{urlencode(given, doseq=True)}"


async def covering(database: Database, jurisdiction: str, one: Exemption) -> Covering:
    """Count what an exemption covers, exactly as far as lists count."""
    filters = covered_by(jurisdiction, one)
    covers = (await violations.total(database, filters)).number
    if not covers.count:
        return NOTHING
    upheld = filters.model_copy(update={"review": ["upheld"]})
    return Covering(covers, (await violations.total(database, upheld)).number)


async def known(database: Database, jurisdiction: str) -> list[Exemption]:
    """Give the exemptions of a jurisdiction, those that end last first."""
    rows = await database.fetch(QUERIES["all"], jurisdiction)
    return sorted(map(_read, (row["body"] for row in rows)), key=_place)


async def told_of(database: Database, exemptions: Sequence[Exemption]) -> dict[str, Told]:
    """Give what the events say that told exemptions, by the exemption, as far as they are kept.

    Who may see the exemptions may see them: they are of no party.
    """
    places = {(one.telling.partition, one.telling.offset): one.exemption for one in exemptions}
    if not places:
        return {}
    partitions, offsets = zip(*places, strict=True)
    with everything():
        topic = NUMBER_OF[REGISTER.name]
        rows = await database.fetch(QUERIES["told"], topic, partitions, offsets)
    return {
        places[row["partition"], row["offset"]]: msgspec.json.decode(row["data"]) for row in rows
    }


async def list_exemptions(
    database: Database, asked: ExemptionsAsked, jurisdiction: str, today: Today
) -> ExemptionPage:
    """Give a page of the exemptions of a jurisdiction.

    Raises InvalidArgumentError for a token that is not one of this list.
    """
    seal = asked.seal(jurisdiction)
    of_rule = [one for one in await known(database, jurisdiction) if asked.rule in {None, one.rule}]
    wanted = [one for one in of_rule if today.lets(one, asked.state)]
    if asked.page_token is not None:
        last = _place_in(paging.name_in(asked.page_token, seal))
        wanted = [one for one in wanted if _place(one) > last]
    behind = asked.page_size
    if asked.state == "covering-nothing":
        empty, behind = await _empty(database, jurisdiction, wanted, asked.page_size)
        chosen = [(one, NOTHING) for one in empty]
    else:
        chosen = [
            (one, await covering(database, jurisdiction, one)) for one in wanted[: asked.page_size]
        ]
    more = len(wanted) > behind
    return ExemptionPage(
        await _shown(database, jurisdiction, chosen, today),
        _standing(of_rule, today),
        paging.name_token(_text_of(wanted[behind - 1]), seal) if more else None,
    )


async def _empty(
    database: Database, jurisdiction: str, wanted: Sequence[Exemption], most: int
) -> tuple[list[Exemption], int]:
    """Give exemptions that cover nothing, and how many were looked at to find them."""
    found: list[Exemption] = []
    for number, one in enumerate(wanted[:MOST_EXAMINED], start=1):
        if not await violations.counted(database, covered_by(jurisdiction, one), 1):
            found.append(one)
        if len(found) == most:
            return found, number
    return found, MOST_EXAMINED


async def _shown(
    database: Database,
    jurisdiction: str,
    chosen: Sequence[tuple[Exemption, Covering]],
    today: Today,
) -> list[ExemptionShown]:
    told = await told_of(database, [one for one, _ in chosen])
    codes = {(jurisdiction, *party) for one, _ in chosen for party in one.parties.items()}
    names = await called(database.fetch, codes)
    items = []
    for one, counts in chosen:
        said = told.get(one.exemption, {})
        asked = {party: (jurisdiction, party, code) for party, code in one.parties.items()}
        items.append(
            ExemptionShown(
                exemption=one.exemption,
                jurisdiction=jurisdiction,
                rule=one.rule,
                start=one.start.isoformat(),
                end=one.end.isoformat(),
                state=today.state(one),
                expiring=today.expiring(one),
                parties=one.parties,
                names={party: names[of] for party, of in asked.items() if of in names},
                reason=said.get("reason"),
                authority=said.get("authority"),
                document=said.get("document"),
                source=one.telling.source,
                officer=said.get("officer") if one.telling.source == CONSOLE else None,
                told=instant_text(one.telling.told),
                covers=counts.covers,
                upheld=counts.upheld,
                violations=address_of(covered_by(jurisdiction, one)),
            )
        )
    return items


def _standing(exemptions: Sequence[Exemption], today: Today) -> dict[str, int]:
    states = ("active", "expiring", "expired", "future")
    return {state: sum(today.lets(one, state) for one in exemptions) for state in states}


def _place(one: Exemption) -> tuple[int, str]:
    """Give where an exemption stands in the list."""
    return -one.end.toordinal(), one.exemption


def _text_of(one: Exemption) -> str:
    return f"{one.end.isoformat()} {one.exemption}"


def _place_in(text: str) -> tuple[int, str]:
    end, _, exemption = text.partition(" ")
    return -date.fromisoformat(end).toordinal(), exemption
