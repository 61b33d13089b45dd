from datetime import datetime, timedelta

import pytest

from services.compliance.findings.finding import About, Finding, Watch
from services.compliance.law.month_runs import MonthRun, Verdict
from services.compliance.law.periods import Month
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.tally_runs import Counted, say_runs
from tests.support.builders import POLICIES, law_of
from tests.support.events import an_event, instant

(SX,) = POLICIES.of("cn-sx")
TERMS = ProductTerms(law_of(an_event("product.selected")), "cn-sx", "P1")
WEEK = timedelta(days=7)
ABOUT = About("P1", "1401", manufacturer="M1")
JANUARY = Month(2022, 1)


def a_week_later(month: Month) -> datetime:
    return month.end + WEEK


def heard_by(run: MonthRun) -> datetime:
    return run.occurred_at + 2 * WEEK


def counted(bad: str) -> Counted:
    """Months from January on: bad, good, or - not judged."""
    months = {
        JANUARY.later(number): Verdict(one == "b", number, 10)
        for number, one in enumerate(bad)
        if one != "-"
    }
    return Counted(
        SX,
        ABOUT,
        "M1:1401:",
        months,
        ("delivery_rate",),
        ("rate_min_orders",),
        a_week_later,
        heard_by,
    )


def said(bad: str, now: str) -> tuple[list[Finding], list[Watch]]:
    outcomes = list(say_runs(counted(bad), TERMS, instant(now)))
    findings = [one for one in outcomes if isinstance(one, Finding)]
    return findings, [one for one in outcomes if isinstance(one, Watch)]


@pytest.mark.parametrize(
    ("bad", "now", "ahead"),
    [
        ("b", "2022-02-01", "2022-02-08"),
        ("b", "2022-02-08", "2022-02-08"),
        ("b", "2022-02-08 00:00:01", "2022-03-08"),
        ("b", "2022-03-08 00:00:01", None),
        ("b-b", "2022-03-08 00:00:01", "2022-04-08"),
        ("gg", "2022-02-01", "2022-02-08"),
        ("", "2022-02-01", None),
    ],
)
def test_it_looks_again_when_the_next_month_is_judged(
    bad: str, now: str, ahead: str | None
) -> None:
    _, watches = said(bad, now)
    assert watches == ([] if ahead is None else [Watch(instant(ahead))])


def test_a_run_is_of_the_product_and_names_whose_orders_were_counted() -> None:
    (run,), _ = said("gbb", "2022-06-01")
    assert (run.subject, run.anchor, run.about) == ("P1", "M1:1401:2022-02", ABOUT)
    assert (run.occurred_at, run.cured_at) == (instant("2022-03-08"), instant("2022-05-08"))
    assert (run.observed, run.limit, run.details["in_a_row"]) == (2, 10, 2)
    assert [term.name for term in run.terms] == ["delivery_rate", "rate_min_orders"]
    assert [term.name for term in run.limits] == ["delivery_rate"]
    assert run.heard_by == instant("2022-03-08") + 2 * WEEK
    assert [fact.type for fact in run.evidence] == ["vbp.product.selected.v1"]
