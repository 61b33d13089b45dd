"""Feeds: what is never told in a province says nothing by its silence (rules.md, *Feeds*).

A rule that rests on such a silence judges what began on or after the day since which the feed is
told; a province that tells no payments would otherwise open one breach a receipt.
"""

from datetime import date
from typing import Literal, NamedTuple

from services.compliance.findings.finding import Missing
from services.compliance.policies.policy import SINCE, Policy
from services.compliance.policies.recalled import recalled
from services.compliance.records.evidence import Term

Feed = Literal["orders", "payments", "onward", "prepayments", "stock"]


class ToldSince(NamedTuple):
    """The first day whose silence says something, and the value that says so.

    The value only spares somebody: it is shown among the terms, and is none of the limits.
    """

    day: date
    term: Term


def told_since(policy: Policy, feed: Feed) -> ToldSince | Missing:
    """Give since when a feed is told; one that never is leaves its rules unjudged."""
    return _all_told_since(policy).get(feed) or _told_since(policy, feed)


@recalled
def _all_told_since(policy: Policy) -> dict[str, ToldSince | Missing]:
    feeds = [name.removesuffix(SINCE) for name in policy.values if name.endswith(SINCE)]
    return {feed: _told_since(policy, feed) for feed in feeds}


def _told_since(policy: Policy, feed: str) -> ToldSince | Missing:
    name = f"{feed}{SINCE}"
    day = policy.since(name)
    return Missing(f"feed.{feed}") if day is None else ToldSince(day, policy.term(name))
