import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import cloudevents, examples, topics
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError

NOW = datetime(2022, 3, 1, 2, 0, tzinfo=UTC)
ORDER = "vbp.order.placed.v1"
HEADERS = {
    "ce_specversion": b"1.0",
    "ce_id": b"1",
    "ce_source": "/hospitals/第一 医院".encode(),
    "ce_type": ORDER.encode(),
    "ce_time": b"2022-03-01T09:30:00+08:00",
    "content-type": b"application/json",
}
DATA = json.dumps(examples.DATA[ORDER]).encode()


def _event(data: dict[str, Any] | None = None, /, **attributes: Any) -> bytes:
    event = {**examples.example(ORDER), **attributes}
    event["data"] = {**event["data"], **(data or {})}
    return json.dumps(event, ensure_ascii=False).encode()


def _binary(value: bytes | None = DATA, **headers: bytes | None) -> Event:
    named = {name.replace("__", "-"): header for name, header in headers.items()}
    merged = {**HEADERS, **named}
    given_headers = [(name, header) for name, header in merged.items() if header is not None]
    return cloudevents.read_message(value, given_headers, NOW, 3, 14)


def _refusal(value: bytes) -> InvalidEventError:
    with pytest.raises(InvalidEventError) as caught:
        cloudevents.read_structured(value)
    return caught.value


@pytest.mark.parametrize("kind", sorted(topics.DATA_OF))
def test_every_type_has_an_example_that_both_modes_read_the_same(kind: str) -> None:
    told = json.dumps(examples.example(kind)).encode()
    event = cloudevents.read_structured(told)
    assert event.type == kind
    assert event.topic == topics.TOPIC_OF[kind]
    headers = cloudevents.headers_of(event)
    binary = cloudevents.read_message(event.raw, headers, event.told, -1, -1)
    structured = cloudevents.read_message(
        told, [("content-type", b"Application/CloudEvents+json; charset=utf-8")], event.told, -1, -1
    )
    assert event == binary == structured


@pytest.mark.parametrize("kind", sorted(topics.DATA_OF))
def test_unknown_fields_are_ignored_and_optional_ones_may_be_null(kind: str) -> None:
    wanted = msgspec.structs.fields(topics.DATA_OF[kind])
    optional = {field.encode_name: None for field in wanted if not field.required}
    told = examples.example(kind)
    required = {name: told["data"][name] for name in told["data"].keys() - optional.keys()}
    bare = {**told, "data": required}
    lavish = {
        **told,
        "traceparent": "00-1",
        "subject": None,
        "recordedtime": None,
        "data": {**required, **optional, "colour": {"of": ["the", "sky"]}},
    }
    one = cloudevents.read_structured(json.dumps(bare).encode())
    other = cloudevents.read_structured(json.dumps(lavish).encode())
    assert one.data == other.data
    assert all(getattr(one.data, field.name) is None for field in wanted if not field.required)


@pytest.mark.parametrize("kind", sorted(topics.DATA_OF))
def test_each_required_field_is_missed_by_its_name(kind: str) -> None:
    told = examples.example(kind)
    for field in msgspec.structs.fields(topics.DATA_OF[kind]):
        if field.required:
            name = field.encode_name
            data = {key: value for key, value in told["data"].items() if key != name}
            error = _refusal(json.dumps({**told, "data": data}).encode())
            assert (error.field, error.problem) == (f"data.{name}", "is missing")
            assert error.remedy.startswith(f"Send {name} as ")


def test_times_are_brought_to_utc_and_an_archive_counts_the_later_as_told() -> None:
    event = cloudevents.read_structured(_event(recordedtime="2022-03-02T00:00:00Z"))
    assert event.time == datetime(2022, 3, 1, 1, 30, tzinfo=UTC)
    assert event.told == event.recorded == datetime(2022, 3, 2, tzinfo=UTC)
    early = cloudevents.read_structured(_event(recordedtime="2022-02-02T00:00:00Z"))
    assert early.told == early.time


def test_a_message_was_told_when_the_broker_says_and_keeps_its_place() -> None:
    event = _binary(ce_recordedtime=b"2022-03-01T10:00:00+08:00")
    assert (event.told, event.partition, event.offset) == (NOW, 3, 14)
    assert event.source == "/hospitals/第一 医院"
    assert event.recorded == datetime(2022, 3, 1, 2, 0, tzinfo=UTC)
    assert event.raw == DATA


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
            _event({"quantity": "600"}),
            f"data.quantity: Expected `int`, got `str` (found '600'). {QUANTITY}",
        ),
        (_event({"quantity": 0}), f"data.quantity: Expected `int` >= 1 (found 0). {QUANTITY}"),
        (
            _event({"quantity": 10**16}),
            f"data.quantity: Expected `int` <= {10**15} (found {10**16}). {QUANTITY}",
        ),
        (
            _event({"unit_price": 0.36}),
            f"data.unit_price: Expected `str`, got `float` (found 0.36). {MONEY}",
        ),
        (
            _event({"urgency": "high"}),
            "data.urgency: Invalid enum value 'high' (found 'high'). Send one of normal, urgent",
        ),
        (_event({"deliver_by": "soon"}), "data.deliver_by: " + BOUND.format("'soon'")),
        (_event({"deliver_by": "a|b|c"}), "data.deliver_by: " + BOUND.format("'a|b|c'")),
        (
            _event({"agreement": 7}),
            f"data.agreement: Expected `str | null`, got `int` (found 7). {CODE}",
        ),
        (
            _event(subject=5),
            "subject: Expected `str | null`, got `int` (found 5). Send a JSON string",
        ),
        (
            _event(time="2022-03-01T09:30:00"),
            "time: Expected `datetime` with a timezone component (found '2022-03-01T09:30:00'). "
            + INSTANT,
        ),
        (
            _event(time="0001-01-01T00:00:00+08:00"),
            f"time: lies before 1901 (found '0001-01-01T00:00:00+08:00'). {RFC_3339}",
        ),
        (_event(id=""), f"id: Expected `str` of length >= 1 (found ''). {CODE}"),
        (_event(id="a\0b"), NUL),
        (_event({"order": "a\0b"}), NUL),
        (
            _event(specversion="0.3"),
            "specversion: Invalid enum value '0.3' (found '0.3'). Send one of 1.0",
        ),
    ],
)
def test_a_refusal_names_field_value_and_remedy(told: bytes, message: str) -> None:
    assert str(_refusal(told)) == message


@pytest.mark.parametrize("price", ["-1", "1e5", ".5", "1.", "1,5", "NaN", "", " 1", "1\n", "١"])
def test_money_is_a_plain_decimal(price: str) -> None:
    assert _refusal(_event({"unit_price": price})).field == "data.unit_price"


@pytest.mark.parametrize(
    "price", ["0", "0.00", "0.36", "12345678901234567890.12345678901234567890"]
)
def test_money_may_have_any_scale_and_be_zero(price: str) -> None:
    assert cloudevents.read_structured(_event({"unit_price": price})).data.unit_price == price  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"words",
        b'{"id":',
        b"[" * 100_000,
        b'{"x":' * 100_000,
        b"\xff\xfe{\x00}\x00",
        _event({"colour": "QQ"}).replace(b"QQ", b"\xff"),
        _event({"colour": [1]}).replace(b"[1]", b"[" * 100_000 + b"]" * 100_000),
        _event(colour=[1]).replace(b"[1]", b"[" * 100_000 + b"]" * 100_000),
        _event({"colour": "QQ"}).replace(b"QQ", b"\\ud800"),
        b" " * ((1 << 20) + 1),
        b"null",
        b"[]",
    ],
    ids=range(13),
)
def test_what_cannot_be_read_is_refused_and_never_a_crash(value: bytes) -> None:
    assert _refusal(value).field in {"event", "data"}


def test_an_unknown_type_is_told_the_known_ones() -> None:
    error = _refusal(_event(type="vbp.order.lost.v1"))
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
        _binary(value, **headers)
    assert caught.value.field == field
    assert caught.value.remedy


def test_a_header_without_a_value_is_no_header() -> None:
    headers: list[tuple[str, Any]] = [*HEADERS.items(), ("content-type", None)]
    assert cloudevents.read_message(DATA, headers, NOW, 0, 0).id == "1"
    headers.append(("ce_id", None))
    with pytest.raises(InvalidEventError, match="ce_id: is missing"):
        cloudevents.read_message(DATA, headers, NOW, 0, 0)


def test_time_may_lie_a_day_ahead_of_the_clock_and_no_more() -> None:
    event = cloudevents.read_structured(_event())
    cloudevents.check_ahead(event, event.time - timedelta(days=1))
    with pytest.raises(InvalidEventError, match="more than a day ahead"):
        cloudevents.check_ahead(event, event.time - timedelta(days=1, microseconds=1))


def test_an_event_may_have_a_mebibyte_and_no_more() -> None:
    exact = _event().ljust(1 << 20)
    assert cloudevents.read_structured(exact).type == ORDER
    assert "larger than 1048576" in _refusal(exact + b" ").problem


def test_the_key_is_the_product_or_on_the_register_the_entity() -> None:
    def key(kind: str) -> bytes:
        return cloudevents.read_structured(json.dumps(examples.example(kind)).encode()).key

    assert key(ORDER) == b"cn-sx/XC07AAM000A001010100001"
    assert key("vbp.hospital.enrolled.v1") == b"cn-sx/H14010000123"
    assert key("vbp.exemption.granted.v1") == b"cn-sx/XC07AAM000A001010100001"


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), _json, max_size=6), st.none() | st.just(1))
def test_the_digest_is_of_sorted_json_however_it_was_written(
    data: dict[str, Any], indent: int | None
) -> None:
    raw = json.dumps(data, ensure_ascii=indent is None, indent=indent).encode()
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert cloudevents.digest(raw) == sha256(canonical.encode()).digest()[:16]


@pytest.mark.parametrize("odd", [b"1e999", b"9" * 5000, b"[" * 500 + b"]" * 500])
def test_what_no_number_holds_does_not_stop_the_order_of_tellings(odd: bytes) -> None:
    event = cloudevents.read_structured(_event({"colour": "QQ"}).replace(b'"QQ"', odd))
    assert len(cloudevents.digest(event.raw)) == 16


@given(st.binary())
def test_no_bytes_are_a_crash(value: bytes) -> None:
    with pytest.raises(InvalidEventError):
        cloudevents.read_structured(value)


_order = _event({"deliver_by": "2022-03-04", "agreement": None, "colour": ["甲"]}, subject="x")


@given(st.integers(0, len(_order) - 1), st.integers(0, 40), st.binary(max_size=6))
def test_a_damaged_event_is_read_or_refused(at: int, length: int, patch: bytes) -> None:
    _read_or_refuse(_order[:at] + patch + _order[at + length :])


@given(
    st.sampled_from(sorted(topics.DATA_OF)),
    st.data(),
    _json | st.floats() | st.sampled_from(["2022-03-01", "0.36", "2022-03-01T00:00:00Z", "a|b|c"]),
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
