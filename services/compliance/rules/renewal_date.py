"""Renewals of products in execution when the notice came are aligned to 1 January or 1 July.

SX 四¶3, 续约续签时间统一调整至同年7月1日起 or 下一年度1月1日起, by the half year of the cycle's
end: a reading. What follows such a cycle begins on its alignment day.
- `cycle`: the product's next cycle begins on another day. An authority sets it, so it is lowered.
- `agreement`: the first agreement that a hospital of the old cycle renews begins neither on that
  day nor with the next cycle: who follows the product's new cycle is not accused of its day.
Both are acts of the day on which what follows begins.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from services.compliance.findings.finding import About, Finding, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh
from services.compliance.law.agreements import cycle_end, deselected_on, next_start
from services.compliance.law.periods import year_after
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.supply_period import first_day
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import Term, evidence_of
from shared.domain import calendar, ids
from shared.domain.records.agreement import Agreement
from shared.domain.records.product import Cycle, Product
from shared.domain.records.record import ProductEntry

NAME = "renewal-date"


class EndedCycle(NamedTuple):
    """A cycle in execution at the notice, its alignment day, and where its product's next starts.

    `following` is 9999-12-31 if no next cycle was told.
    """

    cycle: Cycle
    end: date
    aligned: date
    following: date


class Renewed(NamedTuple):
    """What follows a cycle on the wrong day: a cycle, or a hospital's agreement."""

    ended: EndedCycle
    day: date
    limit: date
    anchor: str
    agreement: Agreement | None = None
    next_cycle: Cycle | None = None

    @property
    def key(self) -> tuple[str | None, str]:
        """Give what makes two of them one finding."""
        return None if self.agreement is None else self.agreement.hospital, self.anchor


def judge(_record: ProductEntry, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the cycles and agreements that follow an old cycle on another day than its own."""
    product = terms.told
    if product is None:
        return
    for whole in terms.policies(NAME):
        policy = whole.on(whole.notice_day or whole.in_force)
        said: dict[tuple[str | None, str], Renewed] = {}
        for ended in _ended(product, policy):
            for renewed in _renewed(ended, product, policy, terms):
                begins = calendar.start_of(renewed.day)
                if now < begins:
                    yield Watch(begins)
                elif policy.holds_on(renewed.day):
                    # Of several cycles that would say one agreement, the last says it.
                    said[renewed.key] = renewed
        for renewed in said.values():
            yield _finding(renewed, policy, terms, now)


def _ended(product: Product, policy: Policy) -> Iterator[EndedCycle]:
    """Give the cycles in execution at the notice whose alignment day comes after it, in order."""
    notice = policy.notice_day or date.min
    for start in sorted(product.cycles):
        cycle = product.cycles[start]
        aligned = first_day(_alignment_days(cycle, policy), cycle.end)
        if start < notice < aligned < deselected_on(product, cycle):
            yield EndedCycle(cycle, cycle_end(product, cycle), aligned, next_start(product, cycle))


def _alignment_days(cycle: Cycle, policy: Policy) -> tuple[str, ...]:
    """Give the days of the year on which what follows a cycle may begin.

    By the half year of its start that is the first of them that comes after that start.
    """
    days = tuple(sorted(policy.alignment_days))
    if not policy.term("by_execution_start").value:
        return days
    later = [day for day in days if day > f"{cycle.start:%m-%d}"]
    return tuple(later or days)[:1]


def _renewed(
    ended: EndedCycle, product: Product, policy: Policy, terms: ProductTerms
) -> Iterator[Renewed]:
    """Give what follows a cycle on another day than its own, or will."""
    if ended.following not in {ended.aligned, date.max}:
        following = product.cycles[ended.following]
        anchor = f"cycle:{ended.cycle.start}"
        yield Renewed(ended, ended.following, ended.aligned, anchor, next_cycle=following)
    for agreements in terms.agreements().values():
        own = sorted(
            (held for held in agreements.values() if not held.is_void),
            key=lambda held: held.telling.order_key,
            reverse=True,
        )
        if policy.term("yearly_too").value:
            yield from _off_the_halves(own, ended, policy)
        if any(held.start < ended.end and held.end > ended.cycle.start for held in own):
            yield from _first_renewal(own, ended)


def _first_renewal(own: list[Agreement], ended: EndedCycle) -> Iterator[Renewed]:
    """Give a hospital's first agreement for what comes next, if it begins on its own day."""
    latest = year_after(ended.aligned)
    later = [held for held in own if ended.cycle.end <= held.start < latest]
    first = min(later, key=lambda held: held.start, default=None)
    if first is not None and first.start not in {ended.aligned, ended.following}:
        anchor = f"agreement:{first.agreement}"
        yield Renewed(ended, first.start, ended.aligned, anchor, agreement=first)


def _off_the_halves(own: list[Agreement], ended: EndedCycle, policy: Policy) -> Iterator[Renewed]:
    """Give the agreements in an old cycle since the notice that begin on no alignment day."""
    since = max(ended.cycle.start, policy.notice_day or date.max)
    for held in own:
        aligned = first_day(policy.alignment_days, held.start)
        if since <= held.start < ended.end and held.start != aligned:
            yield Renewed(ended, held.start, aligned, f"agreement:{held.agreement}", held)


def _finding(renewed: Renewed, policy: Policy, terms: ProductTerms, now: datetime) -> Finding:
    ended, held = renewed.ended, renewed.agreement
    begins = calendar.start_of(renewed.day)
    limit = Term("alignment_day", f"{renewed.limit}", "reading", policy.id)
    finding = terms.finding(
        About(
            terms.product,
            hospital=None if held is None else held.hospital,
            manufacturer=ended.cycle.manufacturer,
        ),
        (begins, begins),
        policy,
        now,
        renewed.anchor,
        observed=f"{renewed.day}",
        limit=f"{renewed.limit}",
        terms=(limit, policy.term("by_execution_start")),
        limits=(limit,),
        evidence=evidence_of(held, renewed.next_cycle, ended.cycle),
        details={"ended": f"{ended.cycle.end}"},
        lowered="warning" if held is None else None,
    )
    if held is None:
        return finding
    # Like all that is said of a hospital and its agreements, it is of hospital and product.
    pair = ids.pair(held.hospital, terms.product)
    return msgspec.structs.replace(finding, subject=pair)


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, seen, limit = finding.about, finding.observed, finding.limit
    ended, which = finding.details["ended"], finding.anchor.partition(":")[2]
    zh_basis, en_basis = basis_zh(finding), basis_en(finding)
    if about.hospital is None:
        zh = (
            f"产品 {about.product} 的采购周期（{which} 起，至 {ended} 前）期满后，"
            f"下一周期自 {seen} 起，未统一调整至 {limit} 起（{zh_basis}）。"
        )
        en = (
            f"After the cycle of product {about.product} that began on {which} and ended on "
            f"{ended} the next begins on {seen}, not on {limit} ({en_basis})."
        )
        return zh, en
    zh = (
        f"医疗机构 {about.hospital} 采购产品 {about.product} 的续签协议 {which} 自 {seen} 起，"
        f"未统一调整至 {limit} 起（原周期至 {ended} 前；{zh_basis}）。"
    )
    en = (
        f"Agreement {which}, by which hospital {about.hospital} renews product {about.product}, "
        f"begins on {seen}, not on {limit} (the old cycle ended on {ended}; {en_basis})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="续约续签时间未统一调整",
    title_en="Renewal on another than the aligned day",
    record=ProductEntry,
    accused=("hospital", "authority"),
    unit="agreement",
    values=("by_execution_start", "yearly_too"),
    judge=judge,
    words=words,
    lowers=("warning",),
)
