from collections.abc import Mapping

import pytest

from services.commands.doctor_kafka import USUAL, oddly_kept
from shared.adapters import kafka
from shared.domain import topics

YEAR = int(kafka.YEAR)
WANTED = {name: {**USUAL, **wanted} for name, (_, wanted) in kafka.wanted_topics().items()}
ORDERS = topics.ORDERS.name
REGISTER = topics.REGISTER.name


def odd(name: str, **changed: str) -> list[str]:
    """The settings of a topic that are found odd, `_` for `.`; what is not changed is as wanted."""
    found: Mapping[str, str] = {
        **WANTED[name],
        **{setting.replace("_", "."): value for setting, value in changed.items()},
    }
    findings = list(oddly_kept(name, WANTED[name], found))
    assert all(finding.bad and name in finding.remedy for finding in findings)
    return [finding.what.split("=")[0].split(" ")[-1] for finding in findings]


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_topic_as_we_create_it_is_right(name: str) -> None:
    assert odd(name) == []


def test_inputs_must_not_be_compacted_and_violations_must() -> None:
    assert odd(ORDERS, cleanup_policy="compact,delete") == ["cleanup.policy"]
    assert odd(REGISTER, cleanup_policy="compact") == ["cleanup.policy"]
    assert odd(topics.VIOLATIONS, cleanup_policy="delete") == ["cleanup.policy"]


def test_inputs_may_be_kept_longer_than_a_year_and_not_shorter() -> None:
    assert odd(ORDERS, retention_ms=str(YEAR - 1)) == ["retention.ms"]
    assert odd(ORDERS, retention_ms=str(YEAR + 1)) == odd(ORDERS, retention_ms="-1") == []
    assert odd(ORDERS, retention_bytes=str(10**12)) == ["retention.bytes"]


def test_the_register_and_the_dead_letters_are_kept_for_ever() -> None:
    for name in (REGISTER, topics.DEAD_LETTERS):
        assert odd(name, retention_ms=str(100 * YEAR)) == ["retention.ms"]


def test_the_broker_and_not_the_sender_says_when_something_was_told() -> None:
    kept = list(oddly_kept(ORDERS, WANTED[ORDERS], {"message.timestamp.type": "CreateTime"}))
    assert kept[0].what.startswith(f"topic {ORDERS} has message.timestamp.type=CreateTime: told is")
    assert kept[0].remedy.endswith("--add-config message.timestamp.type=LogAppendTime")


def test_a_topic_must_let_too_large_an_event_arrive() -> None:
    assert odd(ORDERS, max_message_bytes=str(1 << 20)) == ["max.message.bytes"]
    assert odd(ORDERS, max_message_bytes=str(16 << 20)) == []
