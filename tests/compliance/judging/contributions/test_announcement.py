from datetime import date
from typing import Any

from services.compliance.judging.contributions.announcement import contribute_announcement
from services.compliance.judging.moment import Moment
from services.compliance.records.announcement import Announcement
from services.compliance.records.appointments import OPEN, Appointment
from services.compliance.records.supply import Report
from tests.support.builders import tell
from tests.support.events import an_event, instant

LATER = "2022-06-01 00:00:00"


def at(now: str, heard: str | None = None) -> Moment:
    return Moment(instant(now), instant(heard or now))


def announced(*events: Any, now: str = LATER) -> list[Any]:
    record = Announcement()
    tell(record, *events)
    return [item.value for item in contribute_announcement(record, "K", at(now))]


def test_an_appointment_is_given_with_the_end_that_its_release_sets() -> None:
    appointed = an_event("distributor.appointed", end="2022-05-01")
    (held,) = announced(appointed)
    assert isinstance(held, Appointment)
    assert held.end == instant("2022-05-01 00:00:00")
    (held,) = announced(appointed, an_event("distributor.released", end="2022-07-01"))
    assert held.end == instant("2022-07-01 00:00:00")
    assert len(held.evidence) == 2
    (held,) = announced(an_event("distributor.appointed"))
    assert held.end == OPEN


def test_a_report_is_given_from_its_first_telling_as_the_source_claims_it() -> None:
    reported = an_event(
        "shortage.reported", "2022-03-01 09:00:00", start="2022-03-01", told="2022-03-02 09:00:00"
    )
    again = an_event("shortage.reported", "2022-03-05 09:00:00", start="2022-02-01")
    ended = an_event("shortage.ended", "2022-03-06 09:00:00", end="2022-03-04")
    (report,) = announced(reported, again, ended)
    assert isinstance(report, Report)
    assert report.claimed == instant("2022-03-02 09:00:00")
    assert (report.start, report.end) == (date(2022, 2, 1), date(2022, 3, 4))


def test_a_report_that_lies_ahead_and_a_release_of_nothing_give_nothing() -> None:
    ahead = an_event("shortage.reported", "2022-07-01 09:00:00", start="2022-03-01")
    assert announced(ahead) == []
    assert announced(an_event("distributor.released", end="2022-07-01")) == []


def test_a_stop_notice_is_a_report_for_all_areas() -> None:
    (report,) = announced(an_event("production.stopping", stop_on="2022-03-01"))
    assert (report.areas, report.start, report.end) == (None, date(2022, 3, 1), None)
