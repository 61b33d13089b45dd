"""A kind of record: what its row in the table of kinds says."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from services.compliance.findings.finding import Finding, Missing, Outcome, Watch
from services.compliance.findings.rule import Rule
from services.compliance.judging.contributions.contribution import (
    Contribution,
    Standing,
    Tidying,
    Unjudged,
)
from services.compliance.judging.moment import Moment
from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import Columns, Subject
from services.compliance.judging.weighing import Place, Score, Weighed, weigh
from services.compliance.law.law import Law
from services.compliance.law.terms import Terms
from services.compliance.policies.recalled import recalled
from services.compliance.register.entries import Entry
from shared.domain.records.contested import Contradiction
from shared.domain.records.record import Record

Said = (
    tuple[Rule, Finding]
    | Contribution
    | Watch
    | Unjudged
    | Standing
    | Tidying
    | Columns
    | Contradiction
    | Weighed
)


Says = Callable[["Kind", Subject, Any, Law, Moment], list[Said]]
"""Says all there is to say of a record at a moment: what its rules find, what it contributes."""


def _of_product(product: str, _hospital: str) -> str:
    return product


class Kind(NamedTuple):
    """A kind of record.

    `needs` adds what judging one asks of the register. `rules` are those that read such a record;
    `unjudged` are the names of those that cannot judge while its scope is not known, its own and
    those that judge what it contributes. `terms` are made for a record that is judged by its rules
    alone. `begun_by` are the entries of the register with which a record of its product begins,
    though nothing is heard of it, and `begins` gives its key, of that product and of the hospital
    of an agreement. `agreements` is whether it is judged by all
    agreements of its product and their hospitals, `kin` whether by other products of its kind.
    `shared` is whether it gathers from the records of several products, and so from the partitions
    of several workers.
    `places` are the things in it that its rules judge one by one, and those of `beside` in another
    record.
    """

    name: str
    level: int
    record: type[Record]
    says: Says
    needs: Callable[[Needs, Subject, Any], None]
    rules: tuple[Rule, ...] = ()
    unjudged: tuple[str, ...] = ()
    terms: Callable[[Law, Subject], Any] | None = None
    columns: Callable[[str], Columns] = Columns
    begun_by: tuple[Entry, ...] = ()
    begins: Callable[[str, str], str] = _of_product
    agreements: bool = False
    kin: bool = False
    shared: bool = False
    places: Callable[[Any, Any], Iterable[Place]] | None = None
    beside: tuple[str, ...] = ()


def by_rules(kind: Kind, subject: Subject, record: Record, law: Law, moment: Moment) -> list[Said]:
    """Say what the kind's rules find in a record that is judged by nothing else."""
    said: list[Said] = [kind.columns(subject.key)]
    if kind.terms is not None and kind.rules:
        said += weighed_outcomes(kind, record, kind.terms(law, subject), moment)
    return said


def weighed_outcomes(kind: Kind, record: Any, terms: Terms, moment: Moment) -> list[Said]:
    """Say what a kind's rules find in a record, and of how many things they say so."""
    score = Score()
    said = outcomes(kind.rules, record, terms, moment, score)
    score.judged += kind.beside
    if kind.places is not None:
        said += weigh(kind.places(record, terms), score.among(_names(terms.carried_ever)))
    return said


@recalled
def _names(carried: tuple[str, ...]) -> frozenset[str]:
    return frozenset(carried)


def outcomes(
    rules: Iterable[Rule], record: Any, terms: Any, moment: Moment, score: Score
) -> list[Said]:
    """Say what some rules find in a record; in most records they find nothing.

    Adds to `score` which of them came to an answer.
    """
    said: list[Said] = []
    for rule in rules:
        found = list(rule.judge(record, terms, moment.now))
        if found:
            told = [said_by(rule, outcome) for outcome in found]
            score.take(rule, told)
            said += told
        else:
            score.judged.append(rule.name)
    return said


def said_by(rule: Rule, outcome: Outcome) -> Said:
    """Say what a rule came to, with its name."""
    if isinstance(outcome, Finding):
        return rule, outcome
    if isinstance(outcome, Missing):
        return Unjudged(rule.name, outcome)
    return outcome
