from msgspec.structs import replace

from services.compliance.records.appointments import OPEN, Appointment, Appointments
from tests.support.events import instant

AREA = Appointment(
    "AP1",
    "1401",
    "D1",
    None,
    instant("2022-01-01 00:00:00"),
    OPEN,
    instant("2021-12-01 00:00:00"),
    (),
)


def test_an_appointment_for_a_whole_area_covers_the_hospitals_that_stand_in_it() -> None:
    assert AREA.covers("H1", "1401")
    assert not AREA.covers("H1", "1402")


def test_an_appointment_for_named_hospitals_covers_them_in_whatever_area() -> None:
    named = replace(AREA, hospitals=("H1",))
    assert named.covers("H1", "1402")
    assert not named.covers("H2", "1401")
    assert not replace(AREA, hospitals=()).covers("H1", "1401")


def test_an_appointment_takes_the_place_of_what_it_was_before() -> None:
    record = Appointments()
    moved = replace(AREA, area="1402")
    record.put(None, AREA)
    record.put(AREA, moved)
    assert record.held == {"AP1": moved}
    record.put(moved, None)
    assert record.held == {}


def test_appointments_are_shown_by_their_start_whoever_was_told_first() -> None:
    later = replace(AREA, appointment="AP0", start=instant("2022-02-01 00:00:00"))
    same = replace(AREA, appointment="AP2")
    record = Appointments()
    for told in (later, same, AREA):
        record.put(None, told)
    assert [held.appointment for held in record.in_order()] == ["AP1", "AP2", "AP0"]
