"""In each year of a cycle there is one agreement, signed by all.

SX 四¶1, 采购协议每年一签; 六, 三方购销协议. TJ 三（一）, 签订带量购销合同; 四（一）, signed in the
stage of preparation. From its first agreement or order in a cycle a hospital is bound until the
cycle ends, never in the bridge, and while it is enrolled.
- `gap`: bound, and longer without an agreement than it takes to sign one. A hospital that had none
  in the whole cycle (未报量) is named once it goes on buying, and mildly.
- `overlap`: two agreements at once, to be explained: one may supplement the other.
- `signature`: one of those who must sign did not, so long after the start.
- `signed-late`: one of the first agreements was signed after the day on which all were to be.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import chain

from services.compliance.findings.agreement_words import agreement_words
from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch
from services.compliance.findings.rule import Rule
from services.compliance.law.agreements import Agreed, without_agreement
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.dealt import Bound, Dealt, dealt_in
from services.compliance.law.intervals import Interval, instants_of, intersection
from services.compliance.law.pieces import cut
from services.compliance.records.commitment import Commitment
from services.compliance.records.evidence import Evidence, evidence_of
from shared.domain import calendar
from shared.domain.records.product import Cycle

NAME = "agreement-missing"
DAY = timedelta(days=1)


def judge(record: Commitment, terms: CommitmentTerms, now: datetime) -> Iterator[Outcome]:
    """Find gaps and overlaps cycle by cycle, and what is wrong with the signing of each."""
    if not terms.known:
        if record.bought or any(terms.agreed(NAME)):
            yield Missing("product")
        return
    bought = sorted(record.bought)
    for policy in terms.policies(NAME):
        for lasting in terms.cycles:
            dealt = dealt_in(lasting, policy, bought, terms)
            if dealt is not None:
                yield from _gaps(dealt, record, terms, now)
                yield from _overlaps(dealt, terms, now)
    for agreed in terms.agreed(NAME):
        if isinstance(agreed, Agreed):
            yield from _unsigned(agreed, terms, now)
            yield from _signed_late(agreed, terms, now)


def _gaps(
    dealt: Dealt, record: Commitment, terms: CommitmentTerms, now: datetime
) -> Iterator[Outcome]:
    bound = None if dealt.is_covered else dealt.bound(record.bought)
    if bound is None:
        return
    signed = tuple([(held.start, held.end) for held in dealt.agreements])
    enrolled = None if terms.enrolment is None else tuple(terms.enrolment.enrolled())
    lasting, in_force = (bound.since, dealt.lasting[1]), terms.days_in_force(dealt.policy)
    for start, end in without_agreement(lasting, signed, enrolled, in_force):
        policy = dealt.policy.at(start)
        if not dealt.agreements and len(dealt.months) < policy.number("no_volume_months"):
            return
        signing = policy.number("signing_days") * DAY
        if end - start <= signing:
            continue
        if now <= start + signing:
            yield Watch(start + signing, silent=True)
            return
        if now < end:
            yield Watch(end)
        yield _gap((start, end), bound, dealt, terms, now)


def _gap(
    gap: Interval, bound: Bound, dealt: Dealt, terms: CommitmentTerms, now: datetime
) -> Finding:
    since, unsigned = gap[0], not dealt.agreements
    policy = dealt.policy.at(since)
    signing, patience = policy.term("signing_days"), policy.term("no_volume_months")
    occurred = since + policy.number("signing_days") * DAY
    return terms.finding(
        _about(dealt.cycle, calendar.day_of(occurred), terms),
        (occurred, gap[1]),
        policy,
        now,
        f"gap:{calendar.day_of(since)}",
        observed=0,
        limit=1,
        terms=(signing, patience) if unsigned else (signing,),
        limits=(),
        evidence=_why(dealt, bound, since, terms),
        heard_by=terms.heard_by(occurred, bound.told),
        details={"since": f"{calendar.day_of(since)}", "bought": dealt.months if unsigned else []},
        lowered="warning" if unsigned else None,
    )


def _why(
    dealt: Dealt, bound: Bound, since: datetime, terms: CommitmentTerms
) -> tuple[Evidence, ...]:
    """Point at what binds the hospital, and at the agreements that ended as the gap began."""
    over = (held for held in dealt.agreements if calendar.start_of(held.end) == since)
    enrolment = terms.enrolment
    facts = (dealt.cycle, bound.agreement, *over)
    shown = evidence_of(*dict.fromkeys(facts))
    return shown if enrolment is None else (*shown, *evidence_of(enrolment.enrolments[-1]))


def _overlaps(dealt: Dealt, terms: CommitmentTerms, now: datetime) -> Iterator[Outcome]:
    """Find the intervals in which two or more agreements are in force."""
    if len(dealt.agreements) < 2:  # noqa: PLR2004  # that two overlap is what the word says
        return
    signed = [instants_of(held.start, held.end) for held in dealt.agreements]
    days = intersection([dealt.lasting], [terms.days_in_force(dealt.policy)])
    twice = [
        both
        for number, one in enumerate(signed)
        for both in intersection([one], signed[number + 1 :])
    ]
    for overlap in intersection(days, twice):
        start, end = overlap
        if start > now:
            yield Watch(start)
            return
        if end > now:
            changes = chain.from_iterable(signed)
            yield Watch(min([end, *(at for at in changes if now < at < end)]))
        past = [part for part in cut(overlap, chain.from_iterable(signed)) if part[0] <= now]
        most = max(_number(signed, part[0]) for part in past)
        facts = [
            held
            for held, (since, until) in zip(dealt.agreements, signed, strict=True)
            if since < end and until > start
        ]
        yield terms.finding(
            _about(dealt.cycle, calendar.day_of(start), terms),
            overlap,
            dealt.policy.at(start),
            now,
            f"overlap:{calendar.day_of(start)}",
            observed=most,
            limit=1,
            terms=(),
            limits=(),
            evidence=evidence_of(dealt.cycle, *facts),
            details={"agreements": sorted(held.agreement for held in facts)},
            lowered="explain",
        )


def _number(signed: list[Interval], instant: datetime) -> int:
    return sum(start <= instant < end for start, end in signed)


def _unsigned(agreed: Agreed, terms: CommitmentTerms, now: datetime) -> Iterator[Outcome]:
    """Find an agreement that somebody has not signed who must."""
    held, maker = agreed.agreement, agreed.cycle.manufacturer
    if held.signed_by is None:
        return
    must = ["hospital", "manufacturer"]
    if held.distributor is not None and held.distributor != maker:
        must.insert(0, "distributor")
    if all(party in held.signed_by for party in must):
        return
    signing = agreed.policy.number("signing_days") * DAY
    occurred = calendar.start_of(agreed.first) + signing
    if occurred >= agreed.end:
        return
    if now <= occurred:
        yield Watch(occurred, silent=True)
        return
    if now < agreed.end:
        yield Watch(agreed.end)
    yield terms.finding(
        _about(agreed.cycle, calendar.day_of(occurred), terms),
        (occurred, agreed.end),
        agreed.policy,
        now,
        f"signature:{held.agreement}",
        observed=list(held.signed_by),
        limit=must,
        terms=(agreed.policy.term("signing_days"),),
        limits=(),
        evidence=evidence_of(held, agreed.cycle),
        heard_by=terms.heard_by(occurred, held.telling.told),
        lowered="explain" if agreed.before_notice else None,
    )


def _signed_late(agreed: Agreed, terms: CommitmentTerms, now: datetime) -> Iterator[Outcome]:
    """Find one of the first agreements that was signed after the day by which all were to be."""
    held, policy = agreed.agreement, agreed.policy
    if held.signed_on is None or "sign_by" not in policy.values or held.start > policy.in_force:
        return
    limit = policy.term("sign_by")
    last = date.fromisoformat(str(limit.value))
    occurred, cured = calendar.end_of(last), calendar.start_of(held.signed_on)
    if held.signed_on <= last:
        return
    if now < cured:
        yield Watch(occurred if now < occurred else cured)
    if occurred <= now:
        yield terms.finding(
            _about(agreed.cycle, calendar.day_of(occurred), terms),
            (occurred, cured),
            policy,
            now,
            f"signed-late:{held.agreement}",
            observed=f"{held.signed_on}",
            limit=f"{last}",
            terms=(limit,),
            limits=(limit,),
            evidence=evidence_of(held, agreed.cycle),
        )


def _about(cycle: Cycle, day: date, terms: CommitmentTerms) -> About:
    return About(terms.product, terms.area_on(day), terms.hospital, cycle.manufacturer)


RULE = Rule(
    name=NAME,
    title_zh="采购协议缺失或签署不全",
    title_en="Agreement missing, doubled or not signed",
    record=Commitment,
    accused=("hospital",),
    unit="commitment",
    values=("signing_days", "no_volume_months"),
    options=("sign_by",),
    takes=("bought",),
    judge=judge,
    words=agreement_words,
    interval=True,
    lowers=("explain", "warning"),
)
