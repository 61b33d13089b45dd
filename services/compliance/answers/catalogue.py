"""The catalogue: rules and policies as the API shows them."""

from datetime import date

from msgspec import Struct

from services.compliance.findings.rule import Rule
from services.compliance.policies.policy import Basis, Clause, Force, Policies, Policy
from services.compliance.records.evidence import Setting


class Support(Struct):
    """How a policy carries a rule: its clauses, its words, their force, and the values used."""

    policy: str
    jurisdiction: str
    draft: bool
    clauses: dict[str, "ClauseShown"]
    quote: str
    force: Force
    note: str
    values: dict[str, "PolicyValue"]


class RuleShown(Struct):
    """A rule: its titles, how its clause is read, and the policies that carry it."""

    name: str
    title_zh: str
    title_en: str
    explanation: str
    record: str
    policies: list[Support]


class LaterValue(Struct, rename={"since": "from"}):
    """What a value of a policy is from a day on."""

    since: date | None
    value: Setting
    basis: Basis
    clause: str
    note: str


class PolicyValue(Struct):
    """A value of a policy and where it comes from; `changes` is what it is from later days on."""

    value: Setting
    basis: Basis
    clause: str
    note: str
    changes: list[LaterValue]


class CarriedShown(Struct):
    """A rule as its policy carries it."""

    clauses: tuple[str, ...]
    quote: str
    force: Force
    note: str


class ClauseShown(Struct):
    """A clause, the rules that judge it, and why no rule judges the rest of it."""

    title: str
    text: str
    rules: tuple[str, ...]
    not_judged: str


class PolicyShown(Struct):
    """A policy; `in_force` is its first day, `until` the first day after it, null is open."""

    id: str
    jurisdiction: str
    title_zh: str
    title_en: str
    source: str
    note: str
    in_force: date
    until: date | None
    draft: bool
    digest: str
    rules: dict[str, CarriedShown]
    values: dict[str, PolicyValue]
    clauses: dict[str, ClauseShown]


class Rules(Struct):
    """All rules."""

    items: list[RuleShown]


class PoliciesShown(Struct):
    """All policies."""

    items: list[PolicyShown]


def show_rule(rule: Rule, policies: Policies) -> RuleShown:
    """Show a rule with every policy that carries it; the explanation is its module's own."""
    return RuleShown(
        name=rule.name,
        title_zh=rule.title_zh,
        title_en=rule.title_en,
        explanation=rule.explanation,
        record=rule.reads,
        policies=[_support(rule, policy) for policy in policies.all if rule.name in policy.rules],
    )


def _support(rule: Rule, policy: Policy) -> Support:
    carried = policy.rules[rule.name]
    values = _values(policy)
    return Support(
        policy=policy.id,
        jurisdiction=policy.jurisdiction,
        draft=policy.draft,
        clauses={name: _clause(policy.clauses[name]) for name in carried.clauses},
        quote=carried.quote,
        force=carried.force,
        note=carried.note,
        values={name: values[name] for name in rule.values if name in values},
    )


def _values(policy: Policy) -> dict[str, PolicyValue]:
    return {
        name: PolicyValue(
            first.value,
            first.basis,
            first.clause,
            first.note,
            [LaterValue(it.since, it.value, it.basis, it.clause, it.note) for it in later],
        )
        for name, (first, *later) in policy.told.items()
    }


def show_policy(policy: Policy) -> PolicyShown:
    """Show a policy whole, with the clauses that no rule judges."""
    return PolicyShown(
        id=policy.id,
        jurisdiction=policy.jurisdiction,
        title_zh=policy.title_zh,
        title_en=policy.title_en,
        source=policy.source,
        note=policy.note,
        in_force=policy.in_force,
        until=policy.until,
        draft=policy.draft,
        digest=policy.digest,
        rules={
            name: CarriedShown(carried.clauses, carried.quote, carried.force, carried.note)
            for name, carried in policy.rules.items()
        },
        values=_values(policy),
        clauses={name: _clause(clause) for name, clause in policy.clauses.items()},
    )


def _clause(clause: Clause) -> ClauseShown:
    return ClauseShown(clause.title, clause.text, clause.rules, clause.not_judged)
