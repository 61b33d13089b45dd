"""Writes the pins of another Apache Kafka version: `python -m deploy.local.pin 4.3.1`."""

import hashlib
import sys
from typing import Any

import jgo

from deploy.local.jars import PINS


def pin(version: str) -> str:
    """Write the text of the pins for Kafka `version`: coordinates, SHA-256 and size of each jar.

    Needs the network. The sums are those of what the Maven repository serves today.
    """
    kafka = jgo.resolve(f"org.apache.kafka:kafka_2.13:{version}")
    log4j = next(jar.version for jar in kafka if jar.artifactId == "log4j-core")
    # Kafka 4 comes without the binding from slf4j to log4j and would log nothing. It is resolved
    # on its own: beside Kafka, jgo lets log4j's parent choose the versions of Kafka's clients.
    binding = jgo.resolve(f"org.apache.logging.log4j:log4j-slf4j-impl:{log4j}")
    jars = {f"{jar.groupId}:{jar.artifactId}": jar for jar in (*binding, *kafka)}
    lines = [
        "# The class path of the local Apache Kafka. Written by `python -m deploy.local.pin`.",
        "[jars]",
        *(_line(jar) for _, jar in sorted(jars.items())),
    ]
    return "\n".join(lines) + "\n"


def _line(jar: Any) -> str:
    content = jar.resolve().read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    coordinates = f"{jar.groupId}:{jar.artifactId}:{jar.version}"
    return f'"{coordinates}" = {{ sha256 = "{sha256}", size = {len(content)} }}'


if __name__ == "__main__":
    PINS.write_text(pin(sys.argv[1]), encoding="utf-8")
