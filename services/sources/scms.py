"""Real deliveries of HIV medicines, 2006 to 2015, told as events of the jurisdiction `scms`."""

import csv
import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from shared.domain.errors import InvalidArgumentError
from shared.domain.events.fields import DECIMAL

JURISDICTION = "scms"
ZONE = ZoneInfo("Asia/Shanghai")
NOON = time(12, tzinfo=ZONE)
LONGEST_NAME = 256
LONGEST_ORDER = LONGEST_NAME - len("scms--received")
"""The ids of its two events are made of an order's, and have the same bound."""
LONGEST_QUANTITY = 15
GZIP = b"\x1f\x8b"
USUAL_LEAD = timedelta(days=30)
"""An order without a usable date is taken to be placed this long before it was due or came."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that could not be told, and what to do about it; lines count from 1, the heading."""

    line: int
    field: str
    value: str
    remedy: str

    @property
    def text(self) -> str:
        """The refusal in one sentence, for a log or a table."""
        return f"line {self.line}: {self.field} is {self.value!r}: {self.remedy}"


class LineError(ValueError):
    """A field of a line that cannot be understood; becomes a `Refusal`."""

    def __init__(self, field: str, value: str, remedy: str) -> None:
        super().__init__(f"{field} is {value!r}: {remedy}")
        self.field, self.value, self.remedy = field, value, remedy


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the history, checked; days are days in Asia/Shanghai."""

    order: str
    product: str
    hospital: str
    area: str
    distributor: str
    quantity: int
    unit_price: str
    placed: date
    scheduled: date
    delivered: date
    recorded: date


COLUMNS = {
    "order": "ID",
    "product": "Item Description",
    "hospital": "Project Code",
    "area": "Country",
    "distributor": "Vendor",
    "quantity": "Line Item Quantity",
    "unit_price": "Pack Price",
    "placed": "PO Sent to Vendor Date",
    "scheduled": "Scheduled Delivery Date",
    "delivered": "Delivered to Client Date",
    "recorded": "Delivery Recorded Date",
}


def events(path: Path, refuse: Callable[[Refusal], None]) -> Iterator[dict[str, object]]:
    """Tell two structured CloudEvents a line: the order placed and its delivery received.

    `path` is the CSV or the CSV under gzip. A line that cannot be told goes to `refuse`, and the
    rest goes on. Raises `InvalidArgumentError` when a column is missing, `OSError` when the file
    cannot be read.
    """
    seen: set[str] = set()
    for line, row in rows(path):
        try:
            delivery = delivery_of(row, seen)
        except LineError as error:
            refuse(Refusal(line, error.field, error.value, error.remedy))
            continue
        seen.add(delivery.order)
        yield order_placed(delivery)
        yield delivery_received(delivery)


def rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Read each line after the heading with its number; a short line holds empty fields."""
    with opened(path) as lines:
        reader = csv.DictReader(lines, restval="")
        missing = set(COLUMNS.values()) - set(reader.fieldnames or ())
        if missing:
            raise InvalidArgumentError(
                f"{path.name} lacks the column {', '.join(sorted(missing))}: "
                "give the SCMS delivery history as published, with its heading"
            )
        while row := _next(reader, path):
            yield reader.line_num, row


def _next(reader: "csv.DictReader[str]", path: Path) -> dict[str, str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise InvalidArgumentError(
            f"{path} cannot be read at line {reader.reader.line_num:,}: {error}. Check its quotes"
        ) from error


@contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """Open the text; its lines end with a bare CR, which only universal newlines understand."""
    with path.open("rb") as raw:
        packed = raw.read(len(GZIP)) == GZIP
    with (
        gzip.open(path, "rt", encoding="utf-8-sig", newline=None)
        if packed
        else path.open(encoding="utf-8-sig", newline=None)
    ) as text:
        yield text


def delivery_of(row: dict[str, str], seen: set[str]) -> Delivery:
    """Check one line; raises `LineError` for its first wrong field, or an order in `seen`."""
    if row[COLUMNS["order"]].strip() in seen:
        raise LineError("ID", row["ID"], "an earlier line has it; give each line its own")
    scheduled = day(row, "scheduled")
    delivered = day(row, "delivered")
    return Delivery(
        order=name(row, "order", LONGEST_ORDER),
        product=name(row, "product"),
        hospital=name(row, "hospital"),
        area=name(row, "area"),
        distributor=name(row, "distributor"),
        quantity=quantity(row),
        unit_price=price(row),
        placed=placing(row[COLUMNS["placed"]], min(scheduled, delivered)),
        scheduled=scheduled,
        delivered=delivered,
        # Three lines claim to have been recorded before they happened.
        recorded=max(day(row, "recorded"), delivered),
    )


def name(row: dict[str, str], field: str, longest: int = LONGEST_NAME) -> str:
    """Take a text that can be an id on the bus."""
    value = row[COLUMNS[field]].strip()
    if not value or len(value) > longest or "\0" in value:
        raise LineError(COLUMNS[field], value[:60], f"give 1 to {longest} characters without NUL")
    return value


def day(row: dict[str, str], field: str) -> date:
    """Read a day written `2-Jun-06`."""
    value = row[COLUMNS[field]].strip()
    try:
        return datetime.strptime(value, "%d-%b-%y").replace(tzinfo=ZONE).date()
    except ValueError:
        raise LineError(COLUMNS[field], value, "write the day like 2-Jun-06") from None


def placing(value: str, first: date) -> date:
    """Take the order's day as given unless it is after `first`, the day it was due or came."""
    try:
        given = datetime.strptime(value.strip(), "%m/%d/%y").replace(tzinfo=ZONE).date()
    except ValueError:
        return first - USUAL_LEAD
    return given if given <= first else first - USUAL_LEAD


def quantity(row: dict[str, str]) -> int:
    """Count the packs ordered, above 0."""
    value = row[COLUMNS["quantity"]].strip()
    digits = value.lstrip("0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_QUANTITY):
        raise LineError(
            COLUMNS["quantity"], value, "write a whole number above 0, of at most 15 digits"
        )
    return int(digits)


def price(row: dict[str, str]) -> str:
    """Take the price of a pack in US dollars as written; 0 occurs and is allowed."""
    value = row[COLUMNS["unit_price"]].strip()
    if re.search(DECIMAL, value) is None:
        raise LineError(
            COLUMNS["unit_price"], value, "write a decimal number of 0 or more, such as 0.36"
        )
    return value


def order_placed(delivery: Delivery) -> dict[str, object]:
    """Tell the order, its schedule being the contract's own deadline."""
    return {
        "specversion": "1.0",
        "id": f"scms-{delivery.order}-placed",
        "source": "/platforms/scms",
        "type": "vbp.order.placed.v1",
        "subject": delivery.order,
        "time": noon(delivery.placed),
        "datacontenttype": "application/json",
        "data": {
            "jurisdiction": JURISDICTION,
            "order": delivery.order,
            "product": delivery.product,
            "hospital": delivery.hospital,
            "area": delivery.area,
            "distributor": delivery.distributor,
            "quantity": delivery.quantity,
            "unit_price": delivery.unit_price,
            "urgency": "normal",
            "deliver_by": delivery.scheduled.isoformat(),
        },
    }


def delivery_received(delivery: Delivery) -> dict[str, object]:
    """Tell the receipt of the whole line; it was told on the day it was recorded."""
    return {
        "specversion": "1.0",
        "id": f"scms-{delivery.order}-received",
        "source": f"/distributors/{delivery.distributor}",
        "type": "vbp.delivery.received.v1",
        "subject": delivery.order,
        "time": noon(delivery.delivered),
        "recordedtime": noon(delivery.recorded),
        "datacontenttype": "application/json",
        "data": {
            "jurisdiction": JURISDICTION,
            "receipt": f"{delivery.order}-1",
            "order": delivery.order,
            "product": delivery.product,
            "quantity_accepted": delivery.quantity,
            "quantity_rejected": 0,
        },
    }


def noon(on: date) -> str:
    """Write noon of that day in Asia/Shanghai, as RFC 3339."""
    return datetime.combine(on, NOON).isoformat()
