"""`vbp rules`: the catalogue, and one rule with its clauses and values; and `vbp policy show`."""

import sys

from rich.table import Table

from services.commands.policy_document import Language, document
from services.commands.terminal import show
from services.compliance.findings.rule import Rule
from services.compliance.policies import policy as policies
from services.compliance.policies.policy import ALWAYS, Policy
from services.compliance.rules import RULES
from shared.domain.errors import InvalidArgumentError


def run(name: str | None) -> None:
    """Print all rules, or one; raises InvalidArgumentError for a name that none has."""
    known = policies.load().all
    if name is None:
        show(_catalogue(known))
        return
    for rule in RULES:
        if rule.name == name:
            _describe(rule, known)
            return
    names = ", ".join(rule.name for rule in RULES)
    raise InvalidArgumentError(f"no rule {name!r}; known are: {names}")


def show_policy(name: str, language: Language) -> None:
    """Print a policy as a document; raises InvalidArgumentError for an id that none has."""
    known = policies.load().all
    for policy in known:
        if policy.id == name:
            sys.stdout.write(document(policy, language))
            return
    names = ", ".join(policy.id for policy in known)
    raise InvalidArgumentError(f"no policy {name!r}; known are: {names}")


def _catalogue(known: tuple[Policy, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("rule", no_wrap=True)
    for heading in ("规则", "what it finds", *(policy.id for policy in known)):
        table.add_column(heading, overflow="fold")
    for rule in RULES:
        clauses = (
            "、".join(policy.rules[rule.name].clauses) if rule.name in policy.rules else "–"
            for policy in known
        )
        table.add_row(rule.name, rule.title_zh, rule.title_en, *clauses)
    return table


def _describe(rule: Rule, known: tuple[Policy, ...]) -> None:
    _print(f"{rule.name}  {rule.title_zh}  {rule.title_en}\n")
    _print(rule.explanation)
    for policy in known:
        if rule.name in policy.rules:
            _describe_policy(rule, policy)


def _describe_policy(rule: Rule, policy: Policy) -> None:
    carried = policy.rules[rule.name]
    draft = "a draft for comment, " if policy.draft else ""
    _print(f"\n{policy.id}: {policy.title_zh}")
    since = "always in force" if policy.in_force == ALWAYS else f"in force from {policy.in_force}"
    _print(f"{draft}{since}; force of the words: {carried.force}")
    _print(f"「{carried.quote}」 {carried.note}")
    for number in carried.clauses:
        clause = policy.clauses[number]
        _print(f"\n  {number} {clause.title}\n  {clause.text}")
    used = [(name, it) for name, values in policy.told.items() for it in values]
    used = [(name, it) for name, it in used if name in rule.values]
    _print("\n  values: " + ("" if used else "none"))
    for name, value in used:
        since = "" if value.since is None else f" from {value.since}"
        _print(f"  {name} = {value.value}{since}  ({value.basis}) {value.note}")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
