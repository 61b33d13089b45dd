"""Every field of every event at its extremes: taken or refused, and what is taken is judged."""

import json

import msgspec
import pytest

from services.compliance.judging.moment import Moment
from services.compliance.judging.replay import Replay
from shared.domain import examples, topics
from shared.domain.cloudevents import read_structured
from shared.domain.errors import InvalidEventError
from tests.support.builders import POLICIES
from tests.support.events import an_event, instant
from tests.support.workers.in_memory import InMemoryWorker

DAYS = (
    *("0001-01-01", "1899-12-30", "1900-01-01", "1901-01-01", "1901-01-02", "1970-01-01"),
    *("1991-09-15", "2022-01-01", "8999-12-31", "9000-01-01", "9999-12-31"),
)
OFFSETS = ("Z", "+08:00", "-23:59", "+23:59")
CLOCKS = ("00:00:00", "23:59:59.999999")
INSTANTS = tuple(f"{day}T{at}{offset}" for day in DAYS for at in CLOCKS for offset in OFFSETS)
NUMBERS = (
    *("0", "-0", "1", "-1", "0.0", "1e0", "1e15", "1000000000000000", "1" + "0" * 30, "87840"),
    *("1e400", "-1e400", "1e-400", "5e-324", "NaN", "Infinity", "true"),
)
MONEY = (
    *("0", "0.00", "9" * 20, "0." + "0" * 19 + "1", "9" * 20 + "." + "9" * 20),
    *("1e5", "-0", "+1", ".5", "1."),
)
TEXTS = (
    *("", " ", "x" * 256, "y" * 20_000, "𠮷" * 256, "/", "%2F", "=1+1", "null"),
    *("\ud800", "\0", "\u2028"),
)
VALUES = [json.dumps(text) for text in (*DAYS, *INSTANTS, *MONEY, *TEXTS)]
VALUES += [*NUMBERS, "null", "[]", "{}", "[null]", '["' + "x" * 256 + '"]', "[" * 600 + "]" * 600]

FIELDS = [
    (kind, field.encode_name)
    for kind, data in sorted(topics.DATA_OF.items())
    for field in msgspec.structs.fields(data)
    if field.encode_name != "jurisdiction"
]
PRODUCT = "XC07AAM000A001010100002"
"""The neighbour's own: an example given another cycle may well take its product away."""
WORLD = [
    an_event("product.selected", product=PRODUCT),
    an_event("hospital.enrolled", hospital="H14010000123"),
    *(
        read_structured(json.dumps(examples.example(kind)).encode())
        for kind in sorted(topics.DATA_OF)
    ),
]
NEIGHBOUR = an_event(
    *("order.placed", "2022-03-01 09:00:00"),
    order="neighbour",
    product=PRODUCT,
    hospital="H14010000123",
)
AS_OF = ("2022-03-20 00:00:00", "2022-12-31 00:00:00", "8999-12-31 00:00:00")


def spelt(kind: str, changes: dict[str, str]) -> bytes:
    """An event in which some fields are spelt as given: JSON that no encoder would write."""
    event = examples.example(kind)
    marks = {name: f"@{number}@" for number, name in enumerate(changes)}
    text = json.dumps({**event, "id": "odd", "data": {**event["data"], **marks}})
    for name, mark in marks.items():
        text = text.replace(json.dumps(mark), changes[name])
    return text.encode(errors="surrogatepass")


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_a_field_at_its_extremes_is_refused_or_judged_and_no_neighbour_is_touched(
    kind: str, field: str
) -> None:
    taken = []
    for value in VALUES:
        try:
            taken.append(read_structured(spelt(kind, {field: value})))
        except InvalidEventError as error:
            assert error.field and error.remedy  # noqa: PT017, PT018 - either end is right
    for as_of in AS_OF if taken else ():
        replay = Replay(POLICIES, instant(as_of))
        for event in (*WORLD, NEIGHBOUR, *taken):
            replay.tell(event)
        found = replay.violations()
        assert not replay.defects
        assert any(one.order == "neighbour" for one in found)
    if taken:
        worker = InMemoryWorker(POLICIES)
        now = instant(AS_OF[1])
        worker.hear((*WORLD, NEIGHBOUR), Moment(now, now))
        worker.hear(taken, Moment(now, now))
        assert "neighbour" in {one["order"] for one in worker.violations()}
        register = worker.law.register
        for entries in (register.products, register.hospitals, register.exemptions):
            for entry in entries.values():
                assert msgspec.msgpack.encode(entry)
