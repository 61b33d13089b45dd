import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain import calendar, cloudevents
from shared.domain.calendar import EARLIEST, LATEST
from shared.domain.errors import InvalidEventError
from tests.support.envelopes import a_message, an_order

GRAMMAR = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<clock>(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])"
    r"(?:\.(?P<fraction>[0-9]+))?(?:[Zz]|(?P<offset>[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9]))"
)
"""Instants as docs/events.md tells them; the day must be one of the calendar."""

ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))
AWARE = st.datetimes(timezones=ZONES | st.just(UTC))

DAYS = st.dates().map(str) | st.sampled_from(["2022-02-29", "2020-02-29", "2022-W09-2", "20220301"])
CLOCKS = st.times().map(lambda at: at.isoformat("seconds")) | st.sampled_from(
    ["23:59:60", "24:00:00", "9:30:00", "09:30", "093000", "09:60:00"]
)
FRACTIONS = st.sampled_from(["", ".", ",5"]) | st.from_regex(r"\.[0-9]{1,40}", fullmatch=True)
OFFSETS = st.sampled_from(
    ["Z", "z", "", "+08", "-00:00", "+24:00", "+08:60", " +08:00", "+08:00:00", "+0800", "\\u005a"]
) | st.from_regex(r"[+-][0-2][0-9]:?[0-6][0-9]", fullmatch=True)
SPELT = st.tuples(DAYS, st.sampled_from("Tt _x"), CLOCKS, FRACTIONS, OFFSETS).map("".join)


def meant(text: str) -> datetime | None:
    """What a text means by the grammar, counted by hand; None where it is no instant."""
    match = GRAMMAR.fullmatch(text)
    if match is None:
        return None
    try:
        at = datetime.fromisoformat(f"{match['day']}T{match['clock']}+00:00")
    except ValueError:
        return None
    digits = match["fraction"] or "0"
    micros = (int(digits) * 10**6 * 2 + 10 ** len(digits)) // (2 * 10 ** len(digits))
    offset = match["offset"] or "+00:00"
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    try:
        at += timedelta(microseconds=micros)
        return at - ahead if offset[0] == "+" else at + ahead
    except OverflowError:
        return LATEST if at.year > EARLIEST.year else at


READINGS: tuple[Callable[[str], datetime], ...] = (
    lambda text: cloudevents.read_structured(an_order(time=text)).time,
    lambda text: a_message(ce_time=text.encode()).time,
)


def read_or_refused(read: Callable[[str], datetime], text: str) -> datetime | None:
    try:
        return read(text)
    except InvalidEventError as error:
        assert error.remedy  # noqa: PT017 - either end is right
        return None


@given(SPELT)
@example("2022-03-01T09:30:00." + "9" * 4_000 + "Z")
@example("2016-12-31T23:59:60Z")
def test_one_grammar_reads_instants_in_envelopes_headers_bounds_and_options(text: str) -> None:
    at = meant(text)
    if at is not None and at.year == 9999:
        return  # What a fraction rounds up beyond the calendar is refused, before it is read.
    happened = None if at is None or at < EARLIEST else min(at, LATEST)
    for reading in READINGS:
        assert read_or_refused(reading, text) == happened
    if at is None:
        with pytest.raises(InvalidEventError):
            calendar.parse_bound(text)
    else:
        assert calendar.start_bound(text) == max(EARLIEST, min(at, LATEST))


@given(SPELT)
@example("2022-03-01T09:30Z")
def test_a_person_may_leave_out_the_seconds_and_nothing_else(text: str) -> None:
    at = meant(re.sub(r"^(.{10}[Tt ]\d\d:\d\d)(?=[Zz+-])", r"\1:00", text))
    if at is not None and at.year == 9999:
        return
    happened = None if at is None or at < EARLIEST else min(at, LATEST)
    assert read_or_refused(calendar.parse_instant, text) == happened


@given(st.text() | st.from_regex(r"[0-9TZ:.+-]{8,26}", fullmatch=True))
def test_any_text_is_an_instant_or_is_refused(text: str) -> None:
    for read in (calendar.parse_instant, calendar.parse_bound):
        try:
            found = read(text)
        except InvalidEventError as error:
            assert error.remedy  # noqa: PT017 - either end is right
        else:
            assert meant(text) is not None or text in {str(found), f"{found:%Y-%m-%dT%H:%MZ}"}


@given(AWARE)
@example(datetime.max.replace(tzinfo=timezone(-timedelta(hours=23))))
@example(datetime.min.replace(tzinfo=timezone(timedelta(hours=23))))
@example(datetime(1901, 1, 1, tzinfo=timezone(timedelta(hours=8))))
@example(datetime(9000, 1, 1, tzinfo=timezone(timedelta(hours=8))))
def test_what_is_taken_lies_between_earliest_and_latest_and_is_written_and_read_again(
    instant: datetime,
) -> None:
    bound = calendar.start_bound(instant.isoformat())
    assert EARLIEST <= bound <= LATEST
    assert bound == min(max(instant, EARLIEST), LATEST)
    try:
        taken = calendar.utc(instant)
    except InvalidEventError:
        assert instant < EARLIEST
        return
    assert taken == bound
    assert calendar.parse_instant(calendar.instant_text(taken)) == taken
    day = calendar.day_of(taken)
    assert calendar.start_of(day) <= taken < calendar.end_of(day) or day >= LATEST.date()


@given(st.dates(), st.dates())
@example(date.min, date.max)
def test_days_keep_their_order_and_stay_within_the_calendar(one: date, other: date) -> None:
    first, last = sorted((one, other))
    assert EARLIEST <= calendar.start_of(first) <= calendar.start_of(last) <= LATEST
    assert calendar.start_of(first) <= calendar.end_of(first) <= LATEST
    assert calendar.deadline(first.isoformat()) == calendar.end_of(first)
    assert calendar.start_bound(first.isoformat()) == calendar.start_of(first)


@given(AWARE.map(datetime.isoformat) | st.dates().map(str))
@example("0001-01-01")
@example("1899-12-30")
@example("1900-01-01")
@example("1901-01-01T00:00:00+08:00")
def test_any_deadline_is_taken_and_stays_within_the_calendar(bound: str) -> None:
    cloudevents.read_structured(an_order({"deliver_by": bound}))
    assert EARLIEST <= calendar.deadline(bound) <= LATEST
