"""What a finding points at: the facts it rests on, the terms it used."""

from msgspec import Struct

from shared.domain.records.telling import Fact, Telling


class Evidence(Struct, frozen=True, array_like=True, gc=False):
    """A fact that a finding rests on: the type of its event, and the telling."""

    type: str
    telling: Telling


def evidence_of(*facts: Fact | None) -> tuple[Evidence, ...]:
    """Point at facts, leaving out those that nobody told."""
    return tuple([Evidence(fact.says, fact.telling) for fact in facts if fact is not None])


Setting = str | int | float | bool | list[str | int]
"""What a value of a policy, order or cycle can be."""


class Term(Struct, frozen=True, array_like=True, gc=False):
    """A value that a judgement used, and where it comes from.

    `basis` is clause, reading, assumption, mission or agreement (rules.md, *Values*).
    """

    name: str
    value: Setting
    basis: str
    source: str
