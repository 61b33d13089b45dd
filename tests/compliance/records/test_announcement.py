from datetime import date
from itertools import permutations

from services.compliance.records.announcement import Announcement
from shared.domain.cloudevents import Event
from tests.support.builders import tell
from tests.support.events import an_event, instant

NOW = instant("2022-04-01 00:00:00")


def announced(*events: Event) -> Announcement:
    record = Announcement()
    tell(record, *events)
    return record


def test_the_last_telling_of_an_appointment_and_of_its_release_hold() -> None:
    told = [
        an_event("distributor.appointed", "2022-01-02 09:00:00", area="1402"),
        an_event("distributor.appointed", "2022-01-01 09:00:00", area="1401"),
        an_event("distributor.released", "2022-02-02 09:00:00", end="2022-05-01"),
        an_event("distributor.released", "2022-02-03 09:00:00", end="2022-06-01"),
    ]
    for events in permutations(told):
        appointment = announced(*events).appointment
        assert appointment is not None
        held, released = appointment
        assert held.area == "1402"
        assert released is not None
        assert released.end == instant("2022-06-01 00:00:00")


def test_a_release_of_what_nobody_appointed_is_kept_and_waits() -> None:
    record = announced(an_event("distributor.released", end="2022-05-01"))
    assert record.appointment is None
    assert len(record.released) == 1


def test_a_date_that_bounds_an_appointment_is_its_first_instant() -> None:
    record = announced(
        an_event("distributor.appointed", start="2022-03-01", end="2022-03-05T12:00:00+08:00")
    )
    assert record.appointment is not None
    held, _ = record.appointment
    assert held.start == instant("2022-03-01 00:00:00")
    assert held.end == instant("2022-03-05 12:00:00")


def test_an_appointment_is_known_as_soon_as_told_and_waits_for_nothing() -> None:
    record = announced(an_event("distributor.appointed", "2022-05-01 09:00:00"))
    assert record.next_instant(NOW) is None
    assert record.as_of(NOW).appointment is not None


def test_a_report_counts_from_its_first_telling_and_holds_as_last_told() -> None:
    record = announced(
        an_event("shortage.reported", "2022-03-09 09:00:00", start="2022-03-01", areas=["1402"]),
        an_event("shortage.reported", "2022-03-02 09:00:00", start="2022-03-02"),
    )
    report = record.report(NOW)
    assert report is not None
    held, first, ended = report
    assert held.start == date(2022, 3, 1)
    assert first.time == instant("2022-03-02 09:00:00")
    assert ended is None


def test_a_correction_that_lies_ahead_does_not_hold_yet() -> None:
    record = announced(
        an_event("shortage.reported", "2022-03-02 09:00:00", start="2022-03-02"),
        an_event("shortage.reported", "2022-03-09 09:00:00", start="2022-03-01"),
        an_event("shortage.ended", "2022-03-10 09:00:00", end="2022-03-08"),
    )
    report = record.report(instant("2022-03-09 08:59:59"))
    assert report is not None
    assert report[0].start == date(2022, 3, 2)
    assert record.next_instant(instant("2022-03-02 09:00:00")) == instant("2022-03-09 09:00:00")
    later = record.report(instant("2022-03-10 09:00:00"))
    assert later is not None
    assert later[2] is not None
    assert later[2].end == date(2022, 3, 8)


def test_a_report_whose_time_lies_ahead_says_nothing_yet() -> None:
    record = announced(an_event("shortage.reported", "2022-05-01 09:00:00", start="2022-03-01"))
    assert record.report(NOW) is None
    assert record.next_instant(NOW) == instant("2022-05-01 09:00:00")
    assert record.as_of(NOW).reported == []


def test_the_end_of_a_shortage_that_nobody_reported_says_nothing() -> None:
    assert announced(an_event("shortage.ended", end="2022-03-08")).report(NOW) is None


def test_a_stop_notice_is_a_report_until_the_day_of_resuming() -> None:
    record = announced(
        an_event("production.stopping", stop_on="2022-03-01", resume_on="2022-03-09")
    )
    report = record.report(NOW)
    assert report is not None
    assert (report[0].start, report[0].end) == (date(2022, 3, 1), date(2022, 3, 9))
