from datetime import datetime

from services.compliance.findings.finding import About, Finding, Observation
from services.compliance.law.product_terms import ProductTerms
from tests.support.builders import POLICIES, law_of
from tests.support.events import an_event, instant


def test_only_selected_products_have_policies_that_gather() -> None:
    law = law_of(an_event("product.selected"), an_event("hospital.enrolled"))
    assert [policy.id for policy in ProductTerms(law, "cn-sx", "P1").policies("coverage-gap")] == [
        "cn-sx-2021-22"
    ]
    assert ProductTerms(law, "scms", "P1").policies("late-delivery") == []
    assert ProductTerms(law, "cn-sx", "P1").known
    assert not ProductTerms(law, "cn-sx", "P2").known


def test_a_finding_is_about_the_product_or_the_part_of_it_that_is_named() -> None:
    law = law_of(an_event("product.selected"))
    terms, (policy,) = ProductTerms(law, "cn-sx", "P1"), POLICIES.of("cn-sx")
    start, end = instant("2022-03-01 00:00:00"), instant("2022-04-01 00:00:00")

    def found(about: About, now: datetime) -> Finding:
        seen = Observation(observed=0, limit=1, terms=(), evidence=())
        return terms.finding(about, (start, end), policy, now, **seen)

    parts = (About("P1"), About("P1", "1401"), About("P1", "1401", "H1"))
    assert [found(about, end).subject for about in parts] == ["P1", "P1/1401", "P1/H1"]
    (whole, *_) = parts
    assert (found(whole, end).cured_at, found(whole, start).cured_at) == (end, None)
    assert found(whole, end).anchor == "2022-02-28T16:00:00.000000Z"
