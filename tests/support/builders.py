"""What events come to: a law, a record, a replay, in one line each."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from services.compliance.findings.violation import Violation
from services.compliance.judging.replay import Replay
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies, Policy, load
from services.compliance.records.announcement import Announcement
from services.compliance.register.register import Register
from shared.domain.cloudevents import Event
from shared.domain.records.order import Order
from shared.domain.records.telling import stored
from tests.support.events import heard, instant

POLICIES = load()


def tell(record: Order | Announcement, *events: Event) -> None:
    """Merge events into a record, ready to be stored."""
    for event in events:
        record.merge(stored(event), event.data)


def law_of(*events: Event) -> Law:
    """The policies as shipped and what the register is told; facts settle in ten seconds."""
    register = Register()
    for event in events:
        register.merge(event)
    return Law(POLICIES, register, settle=timedelta(seconds=10))


def replayed(
    events: Iterable[dict[str, Any]], as_of: str | datetime, policies: Policies = POLICIES
) -> Replay:
    """A replay of the events, under the policies as shipped unless others are given."""
    replay = Replay(policies, instant(as_of))
    for event in events:
        replay.tell(heard(event))
    return replay


def found(
    rule: str, *events: dict[str, Any], as_of: str | datetime = "2023-12-31 00:00:00"
) -> list[Violation]:
    """What a replay finds under one rule."""
    return [found for found in replayed(events, as_of).violations() if found.rule == rule]


def with_values(
    jurisdiction: str, changed: dict[str, Any], policies: Policies = POLICIES
) -> Policies:
    """The policies, as shipped unless others are given, with other values of a jurisdiction's."""
    if not changed:
        return policies
    told = [
        _with(policy, changed) if policy.jurisdiction == jurisdiction else policy
        for policy in policies.all
    ]
    return Policies(told, policies.table)


def _with(policy: Policy, changed: dict[str, Any]) -> Policy:
    values = {
        name: msgspec.structs.replace(value, value=changed.get(name, value.value))
        for name, value in policy.values.items()
    }
    assert changed.keys() <= values.keys(), "a value is set that the policy has not"
    return msgspec.structs.replace(policy, values=values)
