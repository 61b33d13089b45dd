from datetime import date

from msgspec.structs import replace

from services.compliance.records.supply import Report, StockOut, Supply
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
