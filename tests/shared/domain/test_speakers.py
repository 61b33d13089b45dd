"""Nobody tells in another's name."""

from typing import Any

import msgspec
import pytest

from shared.domain import cloudevents, topics
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError
from shared.domain.examples import example
from shared.domain.principal import LOCAL, Party, Principal, Role, source_of
from shared.domain.speakers import SPEAKERS, check_own_name

TYPES = sorted(topics.TOPIC_OF)
PLATFORM = Principal(
    "key:platform",
    frozenset({Role.PUBLISHER}),
    frozenset({"cn-sx"}),
    sources=frozenset({"/platforms/cn-sx"}),
)


def told(kind: str, source: str, **data: Any) -> Event:
    body = example(kind)
    body = body | {"source": source, "data": body["data"] | {"jurisdiction": "cn-sx"} | data}
    # What an example takes back is its own.
    if ".voided." in kind and "event_source" not in data:
        body["data"]["event_source"] = None
    return cloudevents.read_structured(msgspec.json.encode(body))


def publisher(*parties: Party) -> Principal:
    sources = frozenset(map(source_of, parties))
    return Principal("key:one", frozenset({Role.PUBLISHER}), None, frozenset(parties), sources)


def field_refused(principal: Principal, event: Event) -> str:
    with pytest.raises(InvalidEventError) as caught:
        check_own_name(principal, event)
    assert caught.value.remedy
    return caught.value.field


@pytest.mark.parametrize("kind", TYPES)
def test_a_platform_tells_everything_under_its_own_source_alone(kind: str) -> None:
    check_own_name(PLATFORM, told(kind, "/platforms/cn-sx"))
    for source in ("/platforms/cn-tj", "/platforms/cn-sx/", "/platforms/CN-SX", "/hospitals/H1"):
        assert field_refused(PLATFORM, told(kind, source)) == "source"
    other = told(kind, "/platforms/cn-sx", jurisdiction="cn-tj")
    assert field_refused(PLATFORM, other) == "data.jurisdiction"


@pytest.mark.parametrize("kind", TYPES)
def test_who_sits_at_the_machine_tells_anything(kind: str) -> None:
    check_own_name(LOCAL, told(kind, "/anybody"))


@pytest.mark.parametrize("kind", sorted(SPEAKERS))
def test_a_party_tells_of_itself_and_of_nobody_else(kind: str) -> None:
    for speaker in SPEAKERS[kind]:
        own = Party(speaker.kind, "P1")
        data = {} if speaker.field is None else {speaker.field: "P1"}
        check_own_name(publisher(own), told(kind, source_of(own), **data))
        if speaker.field is not None:
            other = told(kind, source_of(own), **{speaker.field: "P2"})
            allowed = [one for one in SPEAKERS[kind] if one.kind == own.kind]
            if len(allowed) == 1:
                assert field_refused(publisher(own), other) == f"data.{speaker.field}"


@pytest.mark.parametrize("kind", sorted(set(TYPES) - set(SPEAKERS)))
def test_no_party_tells_of_the_register(kind: str) -> None:
    for name in ("hospital", "distributor", "manufacturer", "agency"):
        own = Party(name, "P1")
        assert field_refused(publisher(own), told(kind, source_of(own))) == "type"


@pytest.mark.parametrize("kind", [kind for kind in TYPES if ".voided." in kind])
def test_nobody_takes_back_what_another_told(kind: str) -> None:
    own = Party(SPEAKERS[kind][0].kind, "P1")
    event = told(kind, source_of(own), event_source="/platforms/cn-sx")
    assert field_refused(publisher(own), event) == "data.event_source"
    check_own_name(publisher(own), told(kind, source_of(own), event_source=source_of(own)))


def test_every_type_that_a_party_tells_is_a_type() -> None:
    assert set(SPEAKERS) <= set(TYPES)
    for kind, speakers in SPEAKERS.items():
        fields = set(topics.DATA_OF[kind].__struct_fields__)
        assert {one.field for one in speakers if one.field} <= fields, kind


def test_a_key_without_sources_tells_nothing() -> None:
    nobody = Principal("key:none", frozenset({Role.PUBLISHER}))
    assert field_refused(nobody, told(TYPES[0], "/a")) == "source"
