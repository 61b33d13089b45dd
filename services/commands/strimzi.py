"""The users of a closed bus as resources of Strimzi, whose operator keeps Kafka on Kubernetes."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from shared.domain import permits
from shared.domain.permits import ADMIN, Entry

CLUSTER = "vbp"
"""The name of the Kafka resource in deploy/k8s."""

_HEAD = """# Who may do what on the bus, as {made} writes it from permits.toml.
# The operator makes a password for each, in a Secret of the user's name."""

_USER = """---
apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata:
  name: {user}
  labels: {{strimzi.io/cluster: {cluster}}}
spec:
  authentication: {{type: scram-sha-512}}"""


def kafka_users(publishers: Iterable[str] = ()) -> str:
    """Write all users as YAML, each with what it may do; `ADMIN` may do all and has no list."""
    named = sorted(publishers)
    made = " ".join(("`vbp bus permits --strimzi", *(f"--publisher {one}" for one in named)))
    return "\n".join([_HEAD.format(made=f"{made}`"), *_users(permits.entries(named)), ""])


def _users(entries: Iterable[Entry]) -> Iterator[str]:
    yield _USER.format(user=ADMIN, cluster=CLUSTER)
    for user, allowed in groupby(sorted(entries), key=lambda entry: entry.user):
        yield _USER.format(user=user, cluster=CLUSTER)
        yield "  authorization:\n    type: simple\n    acls:"
        for (resource, name, prefixed), each in groupby(allowed, key=lambda entry: entry[1:4]):
            pattern = "prefix" if prefixed else "literal"
            operations = ", ".join(_operation(entry.operation) for entry in each)
            of = f"{{type: {resource}, name: {name}, patternType: {pattern}}}"
            yield f"      - {{resource: {of}, operations: [{operations}]}}"


def _operation(name: str) -> str:
    """Spell an operation as Strimzi does: `describe_configs` is DescribeConfigs."""
    return name.title().replace("_", "")
