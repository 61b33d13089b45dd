"""What the insurance pays for a product rests on the selected price.

SX 八（二）, 以中选价格为基准; TJ 三（五）, 以集中采购价格作为医保支付标准. A selected product is
paid at its selected price (`base`). SX: what has not passed its evaluation is paid no more than
the highest of its variety that has (`not-passed`), a consumable that is not selected no more than
the highest selected price of its class (`class`). TJ: originator and passed generics are paid as
the selected of their variety (`same-name`). Compared per common unit, and only of products in the
catalogue. All this addresses the insurance, an authority: nothing here is above a warning.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.intervals import Interval, intersection
from services.compliance.law.pieces import begun, joined, next_change
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.standards import Catalogue, Insured, Measure, beside, extreme
from services.compliance.law.supply_period import selected_price
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import Term, evidence_of
from services.compliance.register.pricing import Standard
from shared.domain import calendar, ids
from shared.domain.records.record import ProductEntry

NAME = "payment-standard"
PLACES = 6
"""How many places of a limit are shown that no decimal can write."""

CHECKS_ZH = {
    "base": "中选产品支付标准应为中选价格",
    "not-passed": "未通过一致性评价的，不得高于同品种已通过的最高支付标准",
    "class": "非中选耗材不得高于同类别中选产品的最高中选价格",
    "same-name": "原研药、参比制剂和通过一致性评价的，应与同品种中选产品支付标准相同",
}
CHECKS_EN = {
    "base": "a selected product is paid at its selected price",
    "not-passed": "what has not passed is paid no more than the highest of its variety that has",
    "class": "what is not selected is paid no more than the highest selected price of its class",
    "same-name": "originator and passed generics are paid as the selected of their variety",
}


class Mispaid(NamedTuple):
    """A part `[start, end)` of time in which a check fails, and what it is held against."""

    start: datetime
    end: datetime
    part: Insured
    standard: Standard
    against: Measure


class Incomparable(NamedTuple):
    """From when on a check cannot be judged, and for want of what."""

    start: datetime
    missing: Missing


Found = Iterator[Mispaid | Incomparable]


def judge(_record: ProductEntry, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the maximal intervals in which a check of the policy fails."""
    if not terms.standards():
        return
    for policy in terms.policies(NAME):
        if not terms.known:
            yield Missing("product")
        catalogue = terms.catalogue(policy)
        own = [it for it in catalogue.of(terms.product) if it.standard is not None]
        for check, days in _checks(policy, terms).items():
            failed: list[Mispaid] = []
            for found in CHECKS[check](_within(days, own), catalogue):
                if isinstance(found, Mispaid):
                    failed.append(found)
                elif found.start <= now:
                    yield found.missing
                else:
                    yield Watch(found.start)
            for run in joined(failed):
                yield from _outcome(check, run, terms, policy, now)


def _checks(policy: Policy, terms: ProductTerms) -> dict[str, list[Interval]]:
    """Give what the policy asks of a standard, and on which of its days."""
    days: dict[str, list[Interval]] = {}
    for there, values in terms.editions(policy):
        checks = values.term("standard_checks").value
        for check in map(str, checks if isinstance(checks, list) else ()):
            days.setdefault(check, []).append(there)
    return days


def _within(days: list[Interval], own: list[Insured]) -> list[Insured]:
    return [
        it._replace(start=start, end=end)
        for it in own
        for start, end in intersection([(it.start, it.end)], days)
    ]


def _base(own: list[Insured], _catalogue: Catalogue) -> Found:
    for it in own:
        if it.standard is not None and it.asked is not None and it.paid != it.asked:
            measure = Measure(it.start, it.end, it.asked, it)
            yield Mispaid(it.start, it.end, it, it.standard, measure)


def _not_passed(own: list[Insured], catalogue: Catalogue) -> Found:
    for it in own:
        if _drug(it) and it.told.traits.passed is False:
            kin = _variety(it, catalogue)
            passed = [other for other in kin if other.told.traits.passed is True]
            yield from _held(it, "variety", catalogue, _highest(passed, _paid), _above)


def _class(own: list[Insured], catalogue: Catalogue) -> Found:
    for it in own:
        name = it.told.traits.class_
        if not _drug(it) and it.cycle is None and name is not None:
            kin = catalogue.kin(ids.pair("class", name))
            selected = [other for other in kin if other.cycle is not None and not _drug(other)]
            yield from _held(it, "class", catalogue, _highest(selected, _asked), _above)


def _same_name(own: list[Insured], catalogue: Catalogue) -> Found:
    for it in own:
        traits = it.told.traits
        if _drug(it) and it.cycle is None and (traits.originator or traits.passed is True):
            selected = [other for other in _variety(it, catalogue) if other.cycle is not None]
            lowest = extreme(selected, _paid, highest=False)
            yield from _held(it, "variety", catalogue, lowest, _other)


CHECKS: dict[str, Callable[[list[Insured], Catalogue], Found]] = {
    "base": _base,
    "not-passed": _not_passed,
    "class": _class,
    "same-name": _same_name,
}


def _held(
    it: Insured,
    kind: str,
    catalogue: Catalogue,
    measures: list[Measure],
    wrong: Callable[[Fraction, Fraction], bool],
) -> Found:
    """Hold what is paid against measures; nobody can where some lack what makes them comparable."""
    traits = it.told.traits
    family = ids.pair(kind, (traits.variety if kind == "variety" else traits.class_) or "")
    missing = catalogue.incomparable(family, None if kind == "variety" else "consumable")
    if missing is not None:
        yield Incomparable(it.start, missing)
        return
    for start, end, measure in beside(it, measures):
        if it.standard is not None and it.paid is not None and wrong(it.paid, measure.amount):
            yield Mispaid(start, end, it, it.standard, measure)


def _variety(it: Insured, catalogue: Catalogue) -> list[Insured]:
    variety = it.told.traits.variety
    kin = [] if variety is None else catalogue.kin(ids.pair("variety", variety))
    return [other for other in kin if _drug(other)]


def _highest(parts: list[Insured], amount: Callable[[Insured], Fraction | None]) -> list[Measure]:
    return extreme(parts, amount, highest=True)


def _drug(it: Insured) -> bool:
    return it.told.category == "drug"


def _paid(it: Insured) -> Fraction | None:
    return it.paid


def _asked(it: Insured) -> Fraction | None:
    return it.asked


def _above(paid: Fraction, most: Fraction) -> bool:
    return paid > most


def _other(paid: Fraction, wanted: Fraction) -> bool:
    return paid != wanted


def _outcome(
    check: str, run: list[Mispaid], terms: ProductTerms, policy: Policy, now: datetime
) -> Iterator[Outcome]:
    change = next_change(run, now)
    if change is not None:
        yield Watch(change)
    first, last = run[0], begun(run, now)
    if last is None:
        return
    against = _term(check, last)
    yield terms.finding(
        About(terms.product, manufacturer=first.part.told.manufacturer),
        (first.start, run[-1].end),
        policy,
        now,
        anchor=f"{check}:{calendar.day_of(first.start)}",
        observed=f"{last.standard.price:f}",
        limit=_in_own_unit(last),
        terms=(against,),
        limits=(against,),
        evidence=evidence_of(
            *dict.fromkeys(
                fact
                for failed in (first, last)
                for it in (failed.part, failed.against.of)
                for fact in (it.told, it.standard)
            )
        ),
        details={"check": check, "against": last.against.of.product},
    )


def _term(check: str, failed: Mispaid) -> Term:
    """Give what a standard is held against, as a value: a selected price, or another standard."""
    of = failed.against.of
    if check in {"base", "class"} and of.cycle is not None:
        return selected_price(of.cycle)
    price, on = (f"{of.standard.price:f}", of.standard.effective_on) if of.standard else ("", "")
    return Term("payment_standard", price, "clause", f"standard.set of {of.product}, {on}")


def _in_own_unit(failed: Mispaid) -> int | str:
    """Give the limit for a base unit of the product, exact where a decimal can write it."""
    limit = failed.against.amount * failed.part.unit
    if limit.denominator == 1:
        return limit.numerator
    text = f"{float(limit):.{PLACES}f}"
    return text.rstrip("0")


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    product, since = finding.about.product, shanghai(finding.occurred_at)
    check, against = finding.details["check"], finding.details["against"]
    zh = (
        f"产品 {product} 自 {since} 起医保支付标准为 {finding.observed} 元；{CHECKS_ZH[check]}："
        f"应比照 {against}，即 {finding.limit} 元（{basis_zh(finding)}）。"
    )
    en = (
        f"From {since} the payment standard of product {product} is {finding.observed} yuan; "
        f"{CHECKS_EN[check]}: held against {against}, {finding.limit} yuan ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="医保支付标准与中选价格不协同",
    title_en="Payment standard out of step with the selected price",
    record=ProductEntry,
    accused=("authority",),
    unit="product",
    values=("standard_checks",),
    judge=judge,
    words=words,
    interval=True,
)
