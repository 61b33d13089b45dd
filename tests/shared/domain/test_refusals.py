import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import cloudevents, examples, topics
from shared.domain.errors import InvalidEventError
from tests.support.envelopes import DATA, HEADERS, JSON, NOW, a_message, an_order, refusal


@pytest.mark.parametrize("kind", sorted(topics.DATA_OF))
def test_each_required_field_is_missed_by_its_name(kind: str) -> None:
    told = examples.example(kind)
    for field in msgspec.structs.fields(topics.DATA_OF[kind]):
        if field.required:
            name = field.encode_name
            data = {key: value for key, value in told["data"].items() if key != name}
            error = refusal(json.dumps({**told, "data": data}).encode())
            assert (error.field, error.problem) == (f"data.{name}", "is missing")
            assert error.remedy.startswith(f"Send {name} as ")


QUANTITY = "Send a whole number of base units, above 0"
MONEY = 'Send a decimal string that is not negative, such as "0.36"'
CODE = "Send a text of 1 to 256 characters"
INSTANT = "Send an instant with offset, such as 2022-03-01T09:30:00+08:00"
RFC_3339 = "Send RFC 3339 with an offset, such as 2022-03-01T09:30:00+08:00"
BOUND = f"is neither an instant with offset nor a date (found {{}}). {RFC_3339}, or 2022-03-01"
NUL = "event: holds the character NUL. Send texts without \\u0000"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            an_order({"quantity": "600"}),
            f"data.quantity: Expected `int`, got `str` (found '600'). {QUANTITY}",
        ),
        (an_order({"quantity": 0}), f"data.quantity: Expected `int` >= 1 (found 0). {QUANTITY}"),
        (
            an_order({"quantity": 10**16}),
            f"data.quantity: Expected `int` <= {10**15} (found {10**16}). {QUANTITY}",
        ),
        (
            an_order({"unit_price": 0.36}),
            f"data.unit_price: Expected `str`, got `float` (found 0.36). {MONEY}",
        ),
        (
            an_order({"urgency": "high"}),
            "data.urgency: Invalid enum value 'high' (found 'high'). Send one of normal, urgent",
        ),
        (an_order({"deliver_by": "soon"}), "data.deliver_by: " + BOUND.format("'soon'")),
        (an_order({"deliver_by": "a|b|c"}), "data.deliver_by: " + BOUND.format("'a|b|c'")),
        (
            an_order({"agreement": 7}),
            f"data.agreement: Expected `str | null`, got `int` (found 7). {CODE}",
        ),
        (
            an_order(subject=5),
            "subject: Expected `str | null`, got `int` (found 5). Send a JSON string",
        ),
        (
            an_order(time="2022-03-01T09:30:00"),
            "time: Expected `datetime` with a timezone component (found '2022-03-01T09:30:00'). "
            + INSTANT,
        ),
        (
            an_order(time="0001-01-01T00:00:00+08:00"),
            f"time: lies before 1901 (found '0001-01-01T00:00:00+08:00'). {RFC_3339}",
        ),
        (an_order(id=""), f"id: Expected `str` of length >= 1 (found ''). {CODE}"),
        (an_order(id="a\0b"), NUL),
        (an_order({"order": "a\0b"}), NUL),
        (
            an_order(specversion="0.3"),
            "specversion: Invalid enum value '0.3' (found '0.3'). Send one of 1.0",
        ),
    ],
)
def test_a_refusal_names_field_value_and_remedy(told: bytes, message: str) -> None:
    assert str(refusal(told)) == message


@pytest.mark.parametrize("price", ["-1", "1e5", ".5", "1.", "1,5", "NaN", "", " 1", "1\n", "١"])
def test_money_is_a_plain_decimal(price: str) -> None:
    assert refusal(an_order({"unit_price": price})).field == "data.unit_price"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"words",
        b'{"id":',
        b"[" * 100_000,
        b'{"x":' * 100_000,
        b"\xff\xfe{\x00}\x00",
        an_order({"colour": "QQ"}).replace(b"QQ", b"\xff"),
        an_order({"colour": [1]}).replace(b"[1]", b"[" * 100_000 + b"]" * 100_000),
        an_order(colour=[1]).replace(b"[1]", b"[" * 100_000 + b"]" * 100_000),
        an_order({"colour": "QQ"}).replace(b"QQ", b"\\ud800"),
        b" " * ((1 << 20) + 1),
        b"null",
        b"[]",
    ],
    ids=range(13),
)
def test_what_cannot_be_read_is_refused_and_never_a_crash(value: bytes) -> None:
    assert refusal(value).field in {"event", "data"}


def test_an_unknown_type_is_told_the_known_ones() -> None:
    error = refusal(an_order(type="vbp.order.lost.v1"))
    assert error.value == "vbp.order.lost.v1"
    assert all(kind in error.remedy for kind in topics.DATA_OF)


@pytest.mark.parametrize(
    ("value", "headers", "field"),
    [
        (None, {}, "value"),
        (b"", {}, "value"),
        (DATA, {"content__type": b"application/cloudevents-batch+json"}, "content-type"),
        (DATA, {"ce_type": None}, "ce_type"),
        (DATA, {"ce_type": b"vbp.order.lost.v1"}, "ce_type"),
        (DATA, {"ce_type": b"\xff"}, "ce_type"),
        (DATA, {"ce_id": None}, "ce_id"),
        (DATA, {"ce_id": b""}, "ce_id"),
        (DATA, {"ce_id": b"x" * 257}, "ce_id"),
        (DATA, {"ce_id": b"a\0b"}, "ce_id"),
        (DATA, {"ce_source": b"\xff"}, "ce_source"),
        (DATA, {"ce_specversion": b"0.3"}, "ce_specversion"),
        (DATA, {"ce_specversion": None}, "ce_specversion"),
        (DATA, {"ce_time": None}, "ce_time"),
        (DATA, {"ce_time": b"2022-03-01T09:30:00"}, "ce_time"),
        (DATA, {"ce_time": b'2022"'}, "ce_time"),
        (DATA, {"ce_time": b"\xff"}, "ce_time"),
        (DATA, {"ce_time": b"0001-01-01T00:00:00Z"}, "ce_time"),
        (DATA, {"ce_recordedtime": b"yesterday"}, "ce_recordedtime"),
        (b"[]", {}, "data"),
        (b"{}", {}, "data.jurisdiction"),
        (DATA.replace(b"D0007", b"D\\u0000"), {}, "event"),
        (b"{" + b" " * (1 << 20) + b"}", {}, "event"),
    ],
)
def test_a_bad_message_is_refused_by_its_header_or_field(
    value: bytes | None, headers: dict[str, bytes | None], field: str
) -> None:
    with pytest.raises(InvalidEventError) as caught:
        a_message(value, **headers)
    assert caught.value.field == field
    assert caught.value.remedy


@given(st.binary())
def test_no_bytes_are_a_crash(value: bytes) -> None:
    with pytest.raises(InvalidEventError):
        cloudevents.read_structured(value)


_order = an_order({"deliver_by": "2022-03-04", "agreement": None, "colour": ["甲"]}, subject="x")


@given(st.integers(0, len(_order) - 1), st.integers(0, 40), st.binary(max_size=6))
def test_a_damaged_event_is_read_or_refused(at: int, length: int, patch: bytes) -> None:
    _read_or_refuse(_order[:at] + patch + _order[at + length :])


@given(
    st.sampled_from(sorted(topics.DATA_OF)),
    st.data(),
    JSON | st.floats() | st.sampled_from(["2022-03-01", "0.36", "2022-03-01T00:00:00Z", "a|b|c"]),
)
def test_an_event_with_a_wrong_value_is_read_or_refused(
    kind: str, draw: st.DataObject, value: Any
) -> None:
    told = examples.example(kind)
    if draw.draw(st.booleans()):
        told["data"] = {**told["data"], draw.draw(st.sampled_from(sorted(told["data"]))): value}
    else:
        told[draw.draw(st.sampled_from(sorted(told)))] = value
    _read_or_refuse(json.dumps(told).encode())


def _read_or_refuse(value: bytes) -> None:
    try:
        event = cloudevents.read_structured(value)
    except InvalidEventError as error:
        assert error.field and error.remedy  # noqa: PT017, PT018 - either end is right
        return
    headers = cloudevents.headers_of(event)
    assert cloudevents.read_message(event.raw, headers, event.told, -1, -1) == event
    assert event.key
    assert len(cloudevents.digest(event.raw)) == 16


@given(st.dictionaries(st.sampled_from([*HEADERS, "ce_recordedtime"]), st.binary() | st.none()))
def test_no_headers_are_a_crash(headers: dict[str, bytes | None]) -> None:
    merged: Any = list({**HEADERS, **headers}.items())
    try:
        assert cloudevents.read_message(DATA, merged, NOW, 0, 0).raw == DATA
    except InvalidEventError as error:
        assert error.remedy  # noqa: PT017 - either end is right
