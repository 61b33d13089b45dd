from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.compliance.records.supply import (
    DELIVERED,
    NEAR,
    PUNCTUAL,
    QUALITY,
    REMOTE,
    Report,
    Served,
    StockOut,
    StockReport,
    Stocks,
    Supply,
    Tally,
)
from tests.support.events import instant

AT = instant("2022-03-01 10:00:00")
OUT = StockOut("O1", "1401", "H1", AT, 738_000, "M1", (), AT, ())
REPORT = Report("SR1", ("1401",), date(2022, 3, 1), date(2022, 3, 5), AT, ())


def test_stock_outs_and_reports_take_the_place_of_what_they_were() -> None:
    record = Supply()
    record.put(None, OUT)
    record.put(None, REPORT)
    record.put(OUT, replace(OUT, area="1402"))
    record.put(REPORT, replace(REPORT, areas=None))
    assert [out.area for out in record.stock_outs.values()] == ["1402"]
    assert [report.areas for report in record.reports.values()] == [None]
    record.put(OUT, None)
    record.put(REPORT, None)
    assert record == Supply()


def test_the_first_and_the_last_day_of_a_report_belong_to_it() -> None:
    covered = [day for day in range(1, 10) if REPORT.covers("1401", date(2022, 3, day))]
    assert covered == [1, 2, 3, 4, 5]
    assert not REPORT.covers("1401", date(2022, 2, 28))


def test_a_report_without_an_end_is_open_and_without_areas_for_all() -> None:
    assert replace(REPORT, end=None).covers("1401", date(2030, 1, 1))
    assert replace(REPORT, areas=None).covers("1409", date(2022, 3, 1))
    assert not REPORT.covers("1409", date(2022, 3, 1))
    assert not replace(REPORT, areas=()).covers("1401", date(2022, 3, 1))


MARCH = 2022 * 12 + 2
SERVED = Served(
    "O1",
    "sx",
    "M1",
    "1401",
    AT,
    MARCH,
    ordered=100,
    delivered=60,
    remote=False,
    in_time=True,
    inspected={MARCH: (100, 3)},
)


def test_an_order_is_added_to_the_tallies_of_its_maker_and_place() -> None:
    record = Supply()
    far = replace(SERVED, order="O2", remote=True, in_time=False, delivered=90)
    record.put(None, SERVED)
    record.put(None, far)
    assert record.of(DELIVERED, "sx") == {("M1", "1401"): {MARCH: Tally(2, 200, 150, AT)}}
    assert record.of(PUNCTUAL, "sx") == {
        ("M1", NEAR): {MARCH: Tally(1, 1, 1, AT)},
        ("M1", REMOTE): {MARCH: Tally(1, 1, 0, AT)},
    }
    assert record.of(QUALITY, "sx") == {("M1", ""): {MARCH: Tally(2, 200, 6, AT)}}
    assert record.of(DELIVERED, "tj") == {}


def test_what_is_left_out_of_a_tally_adds_nothing_to_it() -> None:
    nothing = Served("O1", "sx", "M1", "1401", AT)
    assert not nothing.says_something
    assert list(nothing.tallied()) == []
    for part in ({"ordered": 0}, {"remote": False}, {"accepted": {1: 1}}, {"stock_out": OUT}):
        assert replace(nothing, **part).says_something


orders = st.sampled_from(["O1", "O2", "O3"])
counts = st.integers(0, 3)
months = st.integers(MARCH, MARCH + 1)
served = st.builds(
    Served,
    orders,
    st.just("sx"),
    st.sampled_from(["M1", "M2"]),
    st.sampled_from(["1401", "1402"]),
    st.just(AT),
    months,
    st.none() | counts,
    counts,
    st.none() | st.booleans(),
    st.booleans(),
    st.dictionaries(months, st.tuples(counts, counts), max_size=2),
    st.dictionaries(st.integers(1, 3), st.integers(-2, 2), max_size=2),
    st.none() | st.just(OUT),
)


@given(st.lists(served | orders, max_size=12))
def test_whatever_orders_said_before_the_sums_are_of_what_they_say_now(
    said: list[Served | str],
) -> None:
    record, now = Supply(), dict[str, Served]()
    for one in said:
        order = one if isinstance(one, str) else one.order
        new = None if isinstance(one, str) else replace(one, stock_out=its_own(one))
        record.put(now.pop(order, None), new)
        if new is not None:
            now[order] = new
    fresh = Supply()
    for new in now.values():
        fresh.put(None, new)
    assert record == fresh
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=Supply) == record


def its_own(order: Served) -> StockOut | None:
    out = order.stock_out
    return None if out is None else replace(out, order=order.order)


def test_the_stock_reports_of_a_product_are_replaced_as_a_whole() -> None:
    record = Supply()
    first = Stocks((StockReport("M1", date(2022, 3, 1), 10, AT, ()),))
    both = Stocks((*first.reports, StockReport("M1", date(2022, 4, 1), 5, AT, ())))
    record.put(None, first)
    record.put(first, both)
    assert record.stocks == both
    record.put(both, None)
    assert record == Supply()
