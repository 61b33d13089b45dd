from datetime import date

from shared.domain import calendar
from shared.domain.records.hospital import Hospital
from tests.support.events import an_event, instant


def a_hospital(*told: tuple[str, str, str]) -> Hospital:
    """A hospital by tellings of an instant, an area and a day of enrolment."""
    hospital = Hospital()
    for at, area, on in told:
        event = an_event("hospital.enrolled", at, area=area, enrolled_on=on)
        hospital.merge(event)
    return hospital


def test_the_first_telling_reaches_back_and_the_next_holds_from_its_day() -> None:
    hospital = a_hospital(
        ("2022-03-05 15:00:00", "1402", "2022-01-01"), ("2022-02-01 09:00:00", "1401", "2022-01-01")
    )
    assert hospital.on(date(2020, 1, 1)).area == "1401"
    assert hospital.on(date(2022, 3, 4)).area == "1401"
    assert hospital.on(date(2022, 3, 5)).area == "1402"
    moved = instant("2022-03-05 00:00:00")
    assert hospital.areas() == [
        (calendar.EARLIEST, moved, "1401"),
        (moved, calendar.LATEST, "1402"),
    ]


def test_of_two_tellings_of_one_day_the_later_holds_for_the_whole_day() -> None:
    hospital = a_hospital(
        ("2022-02-01 09:00:00", "1401", "2022-01-01"),
        ("2022-03-05 08:00:00", "1402", "2022-01-01"),
        ("2022-03-05 09:00:00", "1403", "2022-01-01"),
    )
    assert hospital.on(date(2022, 3, 5)).area == "1403"


def test_an_enrolment_ends_with_the_next_withdrawal_told_after_its_day() -> None:
    hospital = a_hospital(
        ("2022-02-01 09:00:00", "1401", "2022-02-01"), ("2022-05-01 09:00:00", "1401", "2022-05-01")
    )
    for day in ("2022-02-01", "2022-03-01", "2022-04-01", "2022-06-01"):
        hospital.merge(an_event("hospital.withdrawn", withdrawn_on=day))
    assert hospital.enrolled() == [
        (date(2022, 2, 1), date(2022, 3, 1)),
        (date(2022, 5, 1), date(2022, 6, 1)),
    ]


def test_without_a_withdrawal_an_enrolment_has_no_end() -> None:
    hospital = a_hospital(("2022-02-01 09:00:00", "1401", "2022-02-01"))
    assert hospital.enrolled() == [(date(2022, 2, 1), date.max)]


def test_what_is_no_telling_of_a_hospital_is_left_alone() -> None:
    hospital = Hospital()
    hospital.merge(an_event("product.listed"))
    assert hospital == Hospital()
