"""What an announcement contributes to the records of its product: an appointment, or a report."""

from collections.abc import Iterator
from datetime import date

from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.judging.moment import Moment
from services.compliance.records.announcement import Announcement, Stopping
from services.compliance.records.appointments import appointment_of
from services.compliance.records.evidence import evidence_of
from services.compliance.records.stock import Stock
from services.compliance.records.supply import Report, StockReport, Stocks


def contribute_announcement(
    record: Announcement, key: str, moment: Moment
) -> Iterator[Contribution]:
    """Give the appointment, report or notice as it holds."""
    appointment = appointment_of(key, record)
    if appointment is not None:
        yield Contribution("appointments", record.appointed[-1].product, None, appointment)
    report = record.report(moment.now)
    if report is not None:
        spoken, first_told, ended = report
        notice = spoken if isinstance(spoken, Stopping) else None
        areas = None if isinstance(spoken, Stopping) else spoken.areas
        last_day: date | None = ended.end if ended else spoken.end
        yield Contribution(
            "supply",
            spoken.product,
            None,
            Report(
                key,
                areas,
                spoken.start,
                last_day,
                first_told.claimed,
                evidence_of(spoken, ended),
                None if notice is None else notice.manufacturer,
                notice is None or notice.planned,
                record.first_told(moment.now),
            ),
        )


def contribute_stock(record: Stock, product: str, moment: Moment) -> Iterator[Contribution]:
    """Give all stock reports of a product as they hold, by day."""
    reports = sorted(
        (
            StockReport(held.manufacturer, held.as_of, held.quantity, told, evidence_of(held))
            for held, told in record.reports(moment.now)
        ),
        key=lambda report: (report.as_of, report.manufacturer),
    )
    if reports:
        yield Contribution("supply", product, None, Stocks(tuple(reports)))
