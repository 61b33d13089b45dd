import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import cloudevents, examples, topics
from shared.domain.errors import InvalidEventError
from tests.support.envelopes import DATA, HEADERS, JSON, NOW, ORDER, a_message, an_order, refusal


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


def test_times_are_brought_to_utc_and_an_archive_counts_the_later_as_told() -> None:
    event = cloudevents.read_structured(an_order(recordedtime="2022-03-02T00:00:00Z"))
    assert event.time == datetime(2022, 3, 1, 1, 30, tzinfo=UTC)
    assert event.told == event.recorded == datetime(2022, 3, 2, tzinfo=UTC)
    early = cloudevents.read_structured(an_order(recordedtime="2022-02-02T00:00:00Z"))
    assert early.told == early.time


def test_a_message_was_told_when_the_broker_says_and_keeps_its_place() -> None:
    event = a_message(ce_recordedtime=b"2022-03-01T10:00:00+08:00")
    assert (event.told, event.partition, event.offset) == (NOW, 3, 14)
    assert event.source == "/hospitals/第一 医院"
    assert event.recorded == datetime(2022, 3, 1, 2, 0, tzinfo=UTC)
    assert event.raw == DATA


@pytest.mark.parametrize(
    "price", ["0", "0.00", "0.36", "12345678901234567890.12345678901234567890"]
)
def test_money_may_have_any_scale_and_be_zero(price: str) -> None:
    assert cloudevents.read_structured(an_order({"unit_price": price})).data.unit_price == price  # type: ignore[attr-defined]


def test_a_header_without_a_value_is_no_header() -> None:
    headers: list[tuple[str, Any]] = [*HEADERS.items(), ("content-type", None)]
    assert cloudevents.read_message(DATA, headers, NOW, 0, 0).id == "1"
    headers.append(("ce_id", None))
    with pytest.raises(InvalidEventError, match="ce_id: is missing"):
        cloudevents.read_message(DATA, headers, NOW, 0, 0)


def test_time_may_lie_a_day_ahead_of_the_clock_and_no_more() -> None:
    event = cloudevents.read_structured(an_order())
    cloudevents.check_ahead(event, event.time - timedelta(days=1))
    with pytest.raises(InvalidEventError, match="more than a day ahead"):
        cloudevents.check_ahead(event, event.time - timedelta(days=1, microseconds=1))


def test_an_event_may_have_a_mebibyte_and_no_more() -> None:
    exact = an_order().ljust(1 << 20)
    assert cloudevents.read_structured(exact).type == ORDER
    assert "larger than 1048576" in refusal(exact + b" ").problem


def test_the_key_is_the_product_or_on_the_register_the_entity() -> None:
    def key(kind: str) -> bytes:
        return cloudevents.read_structured(json.dumps(examples.example(kind)).encode()).key

    assert key(ORDER) == b"cn-sx/XC07AAM000A001010100001"
    assert key("vbp.hospital.enrolled.v1") == b"cn-sx/H14010000123"
    assert key("vbp.party.registered.v1") == b"cn-sx/D0007"
    assert key("vbp.order.voided.v1") == b"cn-sx/XC07AAM000A001010100001"
    assert key("vbp.exemption.granted.v1") == b"cn-sx/XC07AAM000A001010100001"


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=6), st.none() | st.just(1))
def test_the_digest_is_of_sorted_json_however_it_was_written(
    data: dict[str, Any], indent: int | None
) -> None:
    raw = json.dumps(data, ensure_ascii=indent is None, indent=indent).encode()
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert cloudevents.digest(raw) == sha256(canonical.encode()).digest()[:16]


@pytest.mark.parametrize("odd", [b"1e999", b"9" * 5000, b"[" * 500 + b"]" * 500])
def test_what_no_number_holds_does_not_stop_the_order_of_tellings(odd: bytes) -> None:
    event = cloudevents.read_structured(an_order({"colour": "QQ"}).replace(b'"QQ"', odd))
    assert len(cloudevents.digest(event.raw)) == 16
