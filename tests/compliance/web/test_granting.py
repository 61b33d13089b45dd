"""What an officer has typed names an exemption and its event, always the same ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.compliance.web.granting import Fault, Proposed, read_as_told

SAID = {
    "jurisdiction": "cn-sx",
    "rule": "late-response",
    "area": "1401",
    "start": "2022-03-10",
    "end": "2022-04-01",
    "reason": "疫情管控",
    "authority": "山西省医疗保障局",
    "document": "9",
}
AT = datetime(2022, 3, 9, 8, 0, 0, 7, UTC)


def typed(**changes: str) -> Proposed:
    return Proposed.of(SAID | changes)


def event(form: Proposed, officer: str = "person:liwj", at: datetime = AT) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(form.event(officer, at))
    return told


def test_the_same_words_name_the_same_exemption_whatever_surrounds_them() -> None:
    names = {typed(**{name: f"{text}1"}).exemption for name, text in SAID.items()}
    assert len(names | {typed().exemption}) == len(SAID) + 1
    assert typed(reason=" 疫情管控\r\n", step="look").exemption == typed().exemption
    assert typed(exemption="E2022-0003").exemption == "E2022-0003"


def test_the_event_says_who_granted_it_and_is_the_same_for_the_same_instant() -> None:
    told = event(typed())
    assert told == event(typed())
    assert (told["source"], told["data"]["officer"]) == ("/console", "person:liwj")
    assert told["time"] == "2022-03-09T08:00:00.000007Z"
    later = event(typed(), at=AT + timedelta(microseconds=1))
    assert later["id"] != told["id"]
    assert later["data"] == told["data"]
    assert "hospital" not in told["data"]
    assert len(event(typed(exemption="E" * 256))["id"]) == 256
    one = read_as_told(typed().event("person:liwj", AT))
    assert (one.exemption, one.parties) == (typed().exemption, {"area": "1401"})


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, []),
        ({"area": ""}, [Fault("parties", "", "nobody")]),
        ({"rule": "no"}, [Fault("rule", "no", "unknown")]),
        ({"rule": " "}, [Fault("rule", "", "missing")]),
        ({"jurisdiction": "cn-tj"}, [Fault("jurisdiction", "cn-tj", "place")]),
        ({"start": "2022-3-10"}, [Fault("start", "2022-3-10", "day")]),
        ({"end": "2022-03-10"}, [Fault("end", "2022-03-10", "order")]),
        ({"start": "", "end": ""}, [Fault("start", "", "missing"), Fault("end", "", "missing")]),
        ({"reason": "", "document": ""}, [Fault(n, "", "missing") for n in ("reason", "document")]),
        ({"reason": "x" * 4_001}, [Fault("reason", "x" * 4_001, "long")]),
        ({"area": "x" * 257}, [Fault("area", "x" * 257, "long")]),
    ],
)
def test_what_is_wrong_is_named_field_by_field(
    changes: dict[str, str], faults: list[Fault]
) -> None:
    assert typed(**changes).faults({"cn-sx"}) == faults
