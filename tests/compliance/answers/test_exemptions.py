"""What exemptions cover, counted by the list of violations, is what the law exempts by them."""

import random
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from services.compliance.answers import exemptions, violations
from services.compliance.answers.database import Database
from services.compliance.answers.exemptions import Today, address_of, covered_by, covering
from services.compliance.findings.violation import Violation
from services.compliance.register.exemption import PARTIES, Exemption, exemption_of
from shared.adapters.postgres import Connection
from shared.domain import events as say
from shared.domain.calendar import LATEST, instant_text, start_of
from tests.support.events import an_event
from tests.support.kept import a_violation, tell
from tests.support.tenants import a_regulator, asking

RULES = ("late-response", "late-delivery")
DAYS = [date(2022, 3, day) for day in range(1, 8)]
MOMENT = timedelta(microseconds=1)


def granted(**told: Any) -> Exemption:
    event = an_event("exemption.granted", **({"rule": "late-response", "product": None} | told))
    assert isinstance(event.data, say.ExemptionGranted)
    return exemption_of(event, event.data)


class Made(NamedTuple):
    violation: Violation
    at: datetime
    review: str
    gone: bool


def a_finding(dice: random.Random, number: int) -> Made:
    """Something found at or beside the first instant of a day, of few parties or of none."""
    at = start_of(dice.choice(DAYS)) + dice.choice([-MOMENT, timedelta(0), MOMENT])
    told: dict[str, Any] = {party: dice.choice([None, "A", "B"]) for party in PARTIES}
    told["jurisdiction"] = dice.choice(["cn-sx", "cn-tj"])
    status = dice.choice(["open", "closed"])
    found = a_violation(
        number, rule=dice.choice(RULES), occurred_at=instant_text(at), status=status, **told
    )
    return Made(found, at, dice.choice(["new", "upheld"]), dice.random() < 0.2)


def an_exemption(dice: random.Random) -> Exemption:
    """One of few parties, or of all; some are of no day at all."""
    start, end = dice.choice(DAYS), dice.choice(DAYS)
    named = {party: dice.choice(["A", "B"]) for party in PARTIES if dice.random() < 0.3}
    return granted(rule=dice.choice(RULES), start=str(start), end=str(end), **named)


@pytest.mark.integration
async def test_what_one_covers_is_counted_as_the_law_exempts_it(
    database: str, connection: Connection
) -> None:
    dice = random.Random(9)
    made = [a_finding(dice, number) for number in range(600)]
    await tell(connection, "opened", [one.violation for one in made])
    await tell(connection, "withdrawn", [one.violation for one in made if one.gone])
    upheld = [one.violation.id for one in made if one.review == "upheld"]
    await connection.execute(
        "UPDATE compliance.violation SET review = 'upheld' WHERE id = ANY ($1::uuid[])", upheld
    )
    seen = set()
    async with Database(database) as answers:
        for one in (an_exemption(dice) for _ in range(300)):
            matching = [
                held
                for held in made
                if (held.violation.jurisdiction, held.violation.rule) == ("cn-sx", one.rule)
                and one.covers(held.at, held.violation)
                and not held.gone
            ]
            counts = await covering(answers, "cn-sx", one)
            assert counts.covers.count == len(matching), one
            assert counts.upheld.count == sum(held.review == "upheld" for held in matching), one
            ids = await violations.matching(answers, covered_by("cn-sx", one), len(made))
            assert set(ids) == {held.violation.id for held in matching}
            seen.add(min(len(matching), 10))
            with asking(a_regulator("cn-tj")):
                assert (await covering(answers, "cn-sx", one)).covers.count == 0
    assert len(seen) > 8


@pytest.mark.integration
async def test_what_one_covers_is_counted_no_further_than_lists_count(
    database: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(violations, "COUNTED_AT_MOST", 3)
    await tell(connection, "opened", [a_violation(number) for number in range(5)])
    async with Database(database) as answers:
        counts = await covering(answers, "cn-sx", granted())
    assert (counts.covers.count, counts.covers.at_least) == (3, True)
    assert (counts.upheld.count, counts.upheld.at_least) == (0, False)


def test_an_exemption_stands_by_its_days_the_last_of_which_is_out() -> None:
    one = granted(start="2022-03-10", end="2022-04-01")
    days = ("2022-03-09", "2022-03-10", "2022-03-17", "2022-03-18", "2022-03-31")
    looked = {day: Today(date.fromisoformat(day), 14) for day in days}
    assert {day: (today.state(one), today.expiring(one)) for day, today in looked.items()} == {
        "2022-03-09": ("future", False),
        "2022-03-10": ("active", False),
        "2022-03-17": ("active", False),
        "2022-03-18": ("active", True),
        "2022-03-31": ("active", True),
    }
    assert Today(date(2022, 4, 1), 14).state(one) == "expired"


def test_the_list_of_what_one_covers_has_an_address_unless_its_rule_has_none() -> None:
    address = address_of(covered_by("cn-sx", granted(area="1401", end="9999-12-31")))
    assert address is not None
    assert address.startswith("/v1/violations?rule=late-response&status=closed&status=open&")
    assert "area=1401" in address
    assert f"occurred_to={instant_text(LATEST).replace(':', '%3A')}" in address
    assert address_of(covered_by("cn-sx", granted(rule="no-such-rule"))) is None


async def test_of_no_exemptions_nothing_is_asked(database: str) -> None:
    async with Database(database) as answers:
        assert await exemptions.told_of(answers, []) == {}
