"""A rule on products of the register, which no policy carries: none of ours reads them yet."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
import pytest

from services.compliance.findings.finding import About, Finding, Outcome, Words
from services.compliance.findings.rule import Rule
from services.compliance.judging.kinds import KINDS
from services.compliance.law.product_terms import ProductTerms, of_known_product
from services.compliance.policies.policy import Policies
from services.compliance.records.evidence import evidence_of
from shared.domain import calendar
from shared.domain.records.record import ProductEntry
from tests.support.builders import POLICIES

NAME = "signed-by-few"


def judge(_record: ProductEntry, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the cycles of a product that not even two hospitals have an agreement for."""
    signed = len([code for code, held in terms.agreements().items() if held])
    for policy in terms.policies(NAME):
        for stretch in terms.stretches(policy):
            if signed < 2:
                about = About(terms.product, manufacturer=stretch.cycle.manufacturer)
                lasting = (stretch.start, calendar.LATEST)
                yield terms.finding(
                    about,
                    lasting,
                    policy,
                    now,
                    observed=signed,
                    limit=2,
                    terms=(),
                    evidence=evidence_of(stretch.cycle),
                )


def words(_finding: Finding) -> Words:
    return "签约医院不足", "Hardly any hospital signed."


RULE = Rule(
    name=NAME,
    title_zh="签约医院不足",
    title_en="Signed by few",
    record=ProductEntry,
    accused=("manufacturer",),
    unit="product",
    values=(),
    judge=of_known_product(judge),
    words=words,
)


def carried() -> Policies:
    """The policies of Shanxi and Tianjin, as a next version that has the rule carries them."""
    every = [policy for where in ("cn-sx", "cn-tj") for policy in POLICIES.of(where)]
    return Policies(
        [
            msgspec.structs.replace(
                policy,
                rules={**policy.rules, NAME: next(iter(policy.rules.values()))},
                digest="of the next version",
            )
            for policy in every
        ]
    )


def put_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have products of the register judged by the rule, as one that is listed would be."""
    monkeypatch.setitem(KINDS, "product", KINDS["product"]._replace(rules=(RULE,)))
