"""What a prepayment contributes: to the funding of its hospital, and to an account."""

from collections.abc import Iterator

from services.compliance.findings.finding import Missing
from services.compliance.findings.rule import Taken
from services.compliance.judging.contributions.contribution import Contribution, Given, Unjudged
from services.compliance.judging.contributions.giver import takers_among
from services.compliance.judging.moment import Moment
from services.compliance.law.agreements import Agreed
from services.compliance.law.feeds import told_since
from services.compliance.law.prepayment_terms import PrepaymentTerms, returned
from services.compliance.law.working_days import Provisional
from services.compliance.records.account import SUPPLY, Advance
from services.compliance.records.evidence import evidence_of
from services.compliance.records.funding import Deposit
from services.compliance.records.prepayment import Prepayment
from shared.domain import ids


def contribute_prepayment(
    record: Prepayment, terms: PrepaymentTerms, moment: Moment
) -> Iterator[Given]:
    """Give a prepayment to its hospital's funding, and to whom its agreement has it pay."""
    made = terms.made
    deposit = Deposit(
        terms.prepayment,
        made.telling.time,
        made.amount,
        made.agreement,
        made.product,
        made.category,
    )
    yield Contribution("funding", made.hospital, None, deposit)
    agreement = terms.named()
    if isinstance(agreement, Missing):
        yield from _unjudged(terms, "advance", agreement)
        return
    agreed = terms.agreed(agreement)
    if isinstance(agreed, Missing):
        yield from _unjudged(terms, "advance", agreed)
    elif agreed is not None:
        yield from _advance(record, terms, agreed, moment)


def _unjudged(terms: PrepaymentTerms, taken: Taken, missing: Missing) -> Iterator[Given]:
    """Say that those who take something cannot judge for want of a term."""
    takers = takers_among(terms.on_its_day.rules).get(taken, ())
    return (Unjudged(rule, missing) for rule in takers)


def _advance(
    record: Prepayment, terms: PrepaymentTerms, agreed: Agreed, moment: Moment
) -> Iterator[Given]:
    theirs, made = takers_among(agreed.policy.rules), terms.made
    if "advance" not in theirs:
        return
    distributor, since = agreed.agreement.distributor, told_since(agreed.policy, "payments")
    if distributor is None or isinstance(since, Missing):
        missing = since if isinstance(since, Missing) else None
        missing = Missing("agreement.distributor") if distributor is None else missing
        yield from (Unjudged(rule, missing) for rule in theirs["advance"] if missing is not None)
        return
    due = terms.return_due(agreed)
    if isinstance(due, Provisional):
        yield from (Unjudged(rule, due.missing) for rule in theirs.get("use", ()))
    told, day = since.day <= made.day, made.day.toordinal()
    advance = Advance(
        terms.prepayment,
        agreed.agreement.agreement,
        agreed.agreement.product,
        made.telling.time,
        day,
        made.amount,
        returned(record.given_back(moment.now)),
        None if isinstance(due, Provisional) else due,
        told and "advance" in takers_among(terms.on_its_day.rules),
        told,
        agreed.first.toordinal(),
        made.telling.told,
        evidence_of(made),
    )
    between = ids.pair(made.hospital, distributor)
    yield Contribution("account", between, SUPPLY, advance)
