"""The catalogue: rules and policies as the API shows them."""

from services.compliance.answers.shapes import (
    CarriedShown,
    ClauseShown,
    PolicyShown,
    PolicyValue,
    RuleShown,
    Support,
)
from services.compliance.findings.rule import Rule
from services.compliance.policies.policy import Clause, Policies, Policy


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
        name: PolicyValue(value.value, value.basis, value.clause, value.note)
        for name, value in policy.values.items()
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
