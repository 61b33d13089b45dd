"""What `vbp doctor` looks at in Apache Kafka: the brokers, the topics and how they are kept."""

import asyncio
import socket
from collections.abc import Iterator, Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from services.commands.doctor_finding import ANSWER_WITHIN, Finding
from shared.adapters import kafka
from shared.adapters.cluster import Bootstrap, options

AT_LEAST = {"retention.ms", "max.message.bytes"}
"""Settings of which more is right too; -1 is without an end."""

USUAL = {"cleanup.policy": "delete", "retention.bytes": kafka.FOR_EVER}
"""What is wanted of a topic that asks for nothing else: nothing is removed but by time."""

WHY = {
    "cleanup.policy": "compaction keeps the last message of a key, and each of ours counts",
    "retention.ms": "what the broker has removed is judged by nobody who was away",
    "retention.bytes": "what the broker has removed is judged by nobody who was away",
    "message.timestamp.type": "told is when the broker heard, and a sender could choose it",
    "max.message.bytes": "what is too large to arrive cannot be refused with a reason",
}


async def look(bootstrap: Bootstrap) -> list[Finding]:
    """Look at the broker, at all that it advertises, and at every topic."""
    admin = AIOKafkaAdminClient(**options(bootstrap), request_timeout_ms=5_000)
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            await admin.start()
            cluster = await admin.describe_cluster()
            found = {
                topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()
            }
            kept = await _settings(admin, kafka.wanted_topics().keys() & found.keys())
    except (KafkaError, OSError, TimeoutError) as error:
        remedy = "start it (vbp local up), or set VBP_KAFKA"
        return [Finding(f"Apache Kafka at {bootstrap} does not answer ({error!r})", remedy)]
    finally:
        await admin.close()
    brokers = [(broker["host"], broker["port"]) for broker in cluster["brokers"]]
    return [
        Finding(f"Apache Kafka answers at {bootstrap}"),
        *(_advertised(*broker) for broker in brokers),
        *_topics(found, kept),
    ]


async def _settings(admin: AIOKafkaAdminClient, names: set[str]) -> Mapping[str, Mapping[str, str]]:
    """Ask how topics are kept: the value of each setting, by topic."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in sorted(names)]
    answers = await admin.describe_configs(asked) if asked else []
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for _, _, _, name, entries in answer.resources
    }


def _advertised(host: str, port: int) -> Finding:
    """Look whether this machine can reach a broker where it says that it is."""
    what = f"a broker advertises itself as {host}:{port}"
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError as error:
        remedy = "this machine cannot reach it there; mend advertised.listeners of the broker"
        return Finding(f"{what} ({error})", remedy)
    return Finding(what)


def _topics(found: Mapping[str, int], kept: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    for name, (partitions, wanted) in kafka.wanted_topics().items():
        if name not in found:
            yield Finding(f"topic {name} is missing", "vbp topics")
        elif found[name] < partitions:
            what = f"topic {name} has {found[name]} partitions, not {partitions}"
            yield Finding(what, "vbp topics adds the rest, also while workers run")
        else:
            odd = list(oddly_kept(name, {**USUAL, **wanted}, kept.get(name, {})))
            yield from odd or [Finding(f"topic {name}, {found[name]} partitions")]


def oddly_kept(name: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Finding]:
    """Name each setting of a topic that is not as wanted, and how to mend it."""
    for setting, value in wanted.items():
        has = found.get(setting)
        if has is None or _is_right(setting, value, has):
            continue
        remedy = f"kafka-configs.sh --alter --topic {name} --add-config {setting}={value}"
        why = "" if wanted["cleanup.policy"] == "compact" else f": {WHY[setting]}"
        yield Finding(f"topic {name} has {setting}={has}{why}", remedy)


def _is_right(setting: str, wanted: str, has: str) -> bool:
    if has == wanted or (setting in AT_LEAST and has == kafka.FOR_EVER):
        return True
    return setting in AT_LEAST and wanted != kafka.FOR_EVER and int(has) >= int(wanted)
