from random import Random

import msgspec

from services.compliance.records.stock import Stock
from shared.domain.cloudevents import Event
from shared.domain.records.telling import stored
from tests.support.events import an_event, heard, instant, said

LATER = instant("2022-12-31 00:00:00")


def a_report(at: str, as_of: str = "2022-03-31", quantity: int = 10, told: str = "") -> Event:
    return heard(said("stock.reported", at, told or None, as_of=as_of, quantity=quantity))


def told(*events: Event) -> Stock:
    record = Stock()
    for event in events:
        record.merge(stored(event), event.data)
    return record


def reports(record: Stock, now: str = "2022-12-31 00:00:00") -> list[tuple[int, str]]:
    at = instant(now)
    standing = record.without_voided(at)
    return sorted((held.quantity, f"{first:%m-%d %H}") for held, first in standing.reports(at))


FIRST = a_report("2022-04-01 09:00:00", quantity=10, told="2022-04-09 09:00:00")
AGAIN = a_report("2022-04-02 09:00:00", quantity=20)


def test_the_first_telling_holds_and_counts_as_told_when_any_first_was() -> None:
    for seed in range(5):
        record = told(*Random(seed).choices([FIRST, AGAIN], k=4), FIRST, AGAIN)
        assert reports(record) == [(10, "04-02 01")]


def test_a_report_of_a_day_to_come_does_nothing() -> None:
    assert told(a_report("2022-03-30 23:59:59")) == Stock()
    assert reports(told(a_report("2022-03-31 00:00:00"))) == [(10, "03-30 16")]


def test_what_is_dated_ahead_waits_for_its_time() -> None:
    record = told(FIRST, AGAIN)
    assert reports(record, "2022-04-01 08:59:59") == []
    assert record.next_instant(instant("2022-04-01 08:59:59")) == instant("2022-04-01 09:00:00")
    assert record.next_instant(instant("2022-04-02 09:00:00")) is None


def test_a_report_that_is_taken_back_counts_as_never_told() -> None:
    void = an_event("stock.voided", "2022-05-01 00:00:00", event=FIRST.id)
    stranger = heard(
        said("stock.voided", "2022-05-01 00:00:00", event=AGAIN.id) | {"source": "/others/1"}
    )
    for events in ([FIRST, AGAIN, void, stranger], [stranger, void, AGAIN, FIRST]):
        record = told(*events)
        assert reports(record, "2022-04-30 23:59:59") == [(10, "04-02 01")]
        assert reports(record) == [(20, "04-02 01")]
    assert reports(told(FIRST, void)) == []


def test_a_record_survives_its_encoding() -> None:
    record = told(FIRST, AGAIN, an_event("stock.voided", "2022-05-01 00:00:00", event=FIRST.id))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=Stock) == record
