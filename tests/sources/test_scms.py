import csv
import gzip
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.sources import scms
from shared.domain.cloudevents import read_structured
from shared.domain.errors import InvalidArgumentError

SHIPPED = Path(scms.__file__).parent / "data" / "scms_deliveries.csv.gz"
HEADING = list(scms.COLUMNS.values())
GOOD = {
    "ID": "1",
    "Item Description": "Nevirapine 10mg/ml",
    "Project Code": "108-VN-T01",
    "Country": "Vietnam",
    "Vendor": "Aurobindo Pharma Limited",
    "Line Item Quantity": "1000",
    "Pack Price": "6.20",
    "PO Sent to Vendor Date": "10/1/06",
    "Scheduled Delivery Date": "14-Nov-06",
    "Delivered to Client Date": "16-Nov-06",
    "Delivery Recorded Date": "20-Nov-06",
}


@pytest.fixture(scope="module")
def told() -> list[dict[str, object]]:
    refused: list[scms.Refusal] = []
    events = list(scms.events(SHIPPED, refused.append))
    assert not refused
    return events


def written(folder: Path, *changes: dict[str, str]) -> Path:
    path = folder / "deliveries.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, HEADING, lineterminator="\r")
        writer.writeheader()
        for change in changes:
            writer.writerow(GOOD | change)
    return path


def data(event: dict[str, object]) -> dict[str, Any]:
    held = event["data"]
    assert isinstance(held, dict)
    return held


def instant(event: dict[str, object], name: str = "time") -> datetime:
    return datetime.fromisoformat(str(event[name]))


def test_every_line_tells_an_order_and_its_receipt(told: list[dict[str, object]]) -> None:
    kinds = Counter(event["type"] for event in told)

    assert kinds == {"vbp.order.placed.v1": 10_324, "vbp.delivery.received.v1": 10_324}
    assert len({(event["source"], event["id"]) for event in told}) == len(told)


def test_exactly_the_known_lines_came_after_their_schedule(told: list[dict[str, object]]) -> None:
    due = {data(e)["order"]: data(e)["deliver_by"] for e in told if "deliver_by" in data(e)}
    received = [e for e in told if "receipt" in data(e)]

    late = [e for e in received if instant(e).date().isoformat() > due[data(e)["order"]]]

    assert len(late) == 1_186


def test_nothing_was_told_before_it_happened(told: list[dict[str, object]]) -> None:
    received = [e for e in told if "recordedtime" in e]
    behind = [e for e in received if instant(e, "recordedtime") > instant(e)]

    assert len(behind) == 1_908
    assert all(instant(e, "recordedtime") >= instant(e) for e in received)


def test_an_order_is_placed_before_it_is_due_and_before_it_comes(
    told: list[dict[str, object]],
) -> None:
    came = {data(e)["order"]: instant(e) for e in told if "receipt" in data(e)}

    for event in (e for e in told if "deliver_by" in data(e)):
        assert instant(event) <= came[data(event)["order"]]
        assert instant(event).date().isoformat() <= data(event)["deliver_by"]


def test_a_line_becomes_two_events_of_the_bus(tmp_path: Path) -> None:
    placed, received = scms.events(written(tmp_path, {}), print)

    assert placed["source"] == "/platforms/scms"
    assert placed["time"] == "2006-10-01T12:00:00+08:00"
    assert data(placed)["deliver_by"] == "2006-11-14"
    assert data(placed)["unit_price"] == "6.20"
    assert received["source"] == "/distributors/Aurobindo Pharma Limited"
    assert received["time"] == "2006-11-16T12:00:00+08:00"
    assert received["recordedtime"] == "2006-11-20T12:00:00+08:00"
    assert data(received)["quantity_accepted"] == 1000


@pytest.mark.parametrize("given", ["N/A - From RDC", "Date Not Captured", "11/15/06", ""])
def test_an_order_without_a_usable_date_was_placed_thirty_days_before(
    tmp_path: Path, given: str
) -> None:
    path = written(tmp_path, {"PO Sent to Vendor Date": given})

    placed, received = scms.events(path, print)

    assert instant(placed) == datetime.fromisoformat("2006-11-14T12:00+08:00") - timedelta(days=30)
    assert instant(received) > instant(placed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Line Item Quantity", "0"),
        ("Line Item Quantity", "many"),
        ("Line Item Quantity", "9" * 5000),
        ("Pack Price", "-1"),
        ("Pack Price", "free"),
        ("Scheduled Delivery Date", "2006-11-14"),
        ("Delivered to Client Date", ""),
        ("Item Description", "x" * 257),
        ("Project Code", "a\0b"),
        ("Vendor", " "),
        ("ID", "1"),
    ],
)
def test_a_bad_line_is_refused_with_its_field_and_the_rest_goes_on(
    tmp_path: Path, field: str, value: str
) -> None:
    refused: list[scms.Refusal] = []
    path = written(tmp_path, {}, {"ID": "2", field: value}, {"ID": "3"})

    orders = {data(event)["order"] for event in scms.events(path, refused.append)}

    assert orders == {"1", "3"}
    assert [(r.line, r.field) for r in refused] == [(3, field)]
    assert refused[0].remedy in refused[0].text


def test_a_file_without_a_column_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "short.csv.gz"
    path.write_bytes(gzip.compress(b"ID,Country\r1,Vietnam\r"))

    with pytest.raises(InvalidArgumentError, match="Vendor"):
        list(scms.events(path, print))


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=300)
NUMBERS = st.from_regex(r"[ +-]?0{0,20}[0-9]{0,20}([.,][0-9]{0,25})?(e[0-9])?", fullmatch=True)
DAYS = st.dates().map(lambda day: f"{day:%d-%b-%y}")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("ID", "Item Description", "Project Code", "Country", "Vendor"), CELL),
            "Line Item Quantity": NUMBERS,
            "Pack Price": NUMBERS | st.sampled_from(["NaN", "1e5", ".5", "1.", "+1", "1_000", "١"]),
            "PO Sent to Vendor Date": st.dates().map(lambda day: f"{day:%m/%d/%y}"),
            "Scheduled Delivery Date": DAYS,
            "Delivered to Client Date": DAYS,
            "Delivery Recorded Date": DAYS,
        },
    )
)
@example({"ID": "x" * 256})
@example({"Line Item Quantity": "0" + "9" * 16})
def test_what_the_import_takes_a_replay_takes(changed: dict[str, str]) -> None:
    try:
        delivery = scms.delivery_of(GOOD | changed, set())
    except scms.LineError as error:
        assert error.remedy  # noqa: PT017 - either end is right
        return
    for event in (scms.order_placed(delivery), scms.delivery_received(delivery)):
        assert read_structured(msgspec.json.encode(event)).id == event["id"]


def test_a_quote_that_never_ends_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, {"ID": "1"})
    path.write_bytes(path.read_bytes() + b'2,"' + b"x" * 200_000)
    with pytest.raises(InvalidArgumentError, match=r"cannot be read at line 3: .* its quotes"):
        list(scms.events(path, lambda _: None))
