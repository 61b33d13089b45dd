"""deploy/k8s: what its overlays build is valid, as safe as compose, and speaks of what exists."""

import json
import shutil
import subprocess
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from services.compliance.settings import Settings
from shared.adapters.addresses import PORTS, TALLY_PORTS
from shared.domain import topics
from tests.support import yaml_texts
from tests.support.deployment import alerts, prometheus, services
from tests.support.kustomize import KUBERNETES, OVERLAYS, Resource, build, containers

BUILT = {name: build(KUBERNETES / "overlays" / name) for name in OVERLAYS}
ALL = [
    pytest.param(one, id=f"{name}-{one['kind']}-{one['metadata']['name']}")
    for name, resources in BUILT.items()
    for one in resources
]
WORKLOADS = [
    pytest.param(one, id=f"{name}-{one['metadata']['name']}")
    for name, resources in BUILT.items()
    for one in resources
    if containers(one)
]
SCHEMAS = {
    (kept["apiVersion"], kept["kind"]): kept["schema"]
    for path in sorted((KUBERNETES / "schemas").glob("*.json"))
    for kept in [json.loads(path.read_text(encoding="utf-8"))]
}
KEPT = sorted(
    (one["kind"], one["metadata"]["name"])
    for one in BUILT["ha"]
    if (one["apiVersion"], one["kind"]) in SCHEMAS
)
KUBERNETES_VERSION = "1.34"


def named(overlay: str, kind: str, name: str) -> Resource:
    (found,) = (
        one for one in BUILT[overlay] if (one["kind"], one["metadata"]["name"]) == (kind, name)
    )
    return found


@pytest.mark.parametrize("resource", ALL)
def test_a_resource_is_what_its_schema_asks_for(resource: Resource) -> None:
    key = (resource["apiVersion"], resource["kind"])
    if key in SCHEMAS:
        jsonschema.validate(resource, SCHEMAS[key])
    else:
        kubernetes_validate.validate(resource, KUBERNETES_VERSION, strict=True)


@pytest.mark.parametrize(("kind", "name"), KEPT)
def test_a_field_that_no_schema_has_would_be_seen(kind: str, name: str) -> None:
    resource = named("ha", kind, name)
    spec = {**resource["spec"], "anything": 1}
    with pytest.raises(jsonschema.ValidationError, match="anything"):
        jsonschema.validate({**resource, "spec": spec}, SCHEMAS[resource["apiVersion"], kind])


def test_every_kind_that_kubernetes_does_not_bring_has_its_schema_and_no_other_is_kept() -> None:
    ours = {
        (one["apiVersion"], one["kind"])
        for resources in BUILT.values()
        for one in resources
        if "." in one["apiVersion"].partition("/")[0]
        and not one["apiVersion"].partition("/")[0].endswith("k8s.io")
    }
    assert ours == SCHEMAS.keys()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubectl_builds_the_same(overlay: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not on PATH")
    folder = str(KUBERNETES / "overlays" / overlay)
    done = subprocess.run(  # noqa: S603  # our own arguments
        [kubectl, "kustomize", folder], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    theirs = [one for one in yaml_texts.read_all(done.stdout) if one]
    assert sorted(map(_in_order, theirs)) == sorted(map(_in_order, BUILT[overlay]))


def _in_order(resource: Resource) -> str:
    return json.dumps(resource, sort_keys=True)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_nothing_has_more_rights_than_it_needs(workload: Resource) -> None:
    pod = workload["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(workload):
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert own.get("readOnlyRootFilesystem") or container["name"] == "kafka"
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert not container["image"].endswith(":latest")
        assert ":" in container["image"]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_runs_on_is_probed(workload: Resource) -> None:
    if workload["kind"] == "Job":
        return
    for container in containers(workload):
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]


WORKERS = {
    "compliance-worker": PORTS["worker"],
    **{f"{name}-worker": port for name, port in TALLY_PORTS.items()},
}


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", ["orders", "delivery", "compliance", *WORKERS])
def test_a_service_is_the_one_of_compose(overlay: str, name: str) -> None:
    (container,) = containers(named(overlay, "Deployment", name))
    there = services()[name]
    assert container["image"] == there["image"]
    assert container["args"] == there["command"]
    given = {item["name"]: item.get("value") for item in container["env"]}
    wanted = {
        variable
        for variable in there["environment"]
        if variable not in {"HEALTH_URL", "VBP_ACCEPT_DEAD_LETTERS"}
    }
    if overlay == "closed":
        wanted |= {"VBP_KAFKA_SECURITY", "VBP_KAFKA_SECRETS"}
    assert given.keys() == wanted
    port = str(WORKERS.get(name) or PORTS[name])
    assert port in given.values()
    assert [str(one["containerPort"]) for one in container["ports"]] == [port]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    budget = named(overlay, "PodDisruptionBudget", name)
    labels = named(overlay, "Deployment", name)["spec"]["template"]["metadata"]["labels"]
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_whoever_speaks_to_kafka_or_the_database_is_let(overlay: str) -> None:
    policies = [one for one in BUILT[overlay] if one["kind"] == "NetworkPolicy"]
    assert named(overlay, "NetworkPolicy", "nothing")["spec"]["podSelector"] == {}
    assert len(policies) > 1
    for resource in BUILT[overlay]:
        for container in containers(resource):
            asked = {item["name"] for item in container.get("env", [])}
            labels = resource["spec"]["template"]["metadata"]["labels"]
            assert ("VBP_KAFKA" in asked) == (labels.get("vbp/kafka") == "client")
            assert ("VBP_DATABASE" in asked) == (labels.get("vbp/database") == "client")


def test_the_broker_of_one_node_is_told_what_compose_tells_it() -> None:
    (container,) = containers(named("one-node", "StatefulSet", "kafka"))
    there = services()["kafka"]
    own = {"KAFKA_LISTENERS", "KAFKA_ADVERTISED_LISTENERS", "KAFKA_LOG_DIRS"}
    own |= {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "KAFKA_CONTROLLER_QUORUM_VOTERS"}
    timing = {"KAFKA_BROKER_SESSION_TIMEOUT_MS", "KAFKA_BROKER_HEARTBEAT_INTERVAL_MS"}
    given = {item["name"]: item["value"] for item in container["env"]}
    for name, value in there["environment"].items():
        if name not in own | timing:
            assert given[name] == str(value), name
    assert container["image"] == there["image"]
    (database,) = containers(named("one-node", "StatefulSet", "postgres"))
    assert database["image"] == services()["postgres"]["image"]


def test_workers_grow_with_the_lag_of_their_group_up_to_the_partitions() -> None:
    spec = named("ha", "ScaledObject", "compliance-worker")["spec"]
    assert spec["minReplicaCount"] == 1
    assert spec["maxReplicaCount"] == topics.ORDERS.partitions
    (trigger,) = spec["triggers"]
    assert trigger["metadata"]["consumerGroup"] == Settings.model_fields["group"].default
    assert "replicas" not in named("ha", "Deployment", "compliance-worker")["spec"]


@pytest.mark.parametrize("service", ["orders", "delivery"])
def test_workers_of_figures_grow_with_what_they_have_not_counted(service: str) -> None:
    spec = named("ha", "ScaledObject", f"{service}-worker")["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (1, topics.ORDERS.partitions)
    (trigger,) = spec["triggers"]
    assert trigger["metadata"]["query"].endswith(f"FROM {service}.position")
    worker = named("ha", "Deployment", f"{service}-worker")["spec"]
    assert "replicas" not in worker
    (container,) = worker["template"]["spec"]["containers"]
    given = {item["name"]: item for item in container["env"]}
    secret = given[trigger["metadata"]["passwordFromEnv"]]["valueFrom"]["secretKeyRef"]
    assert secret["name"] == "vbp-app"


def test_jobs_are_named_as_the_alerts_ask_for_them() -> None:
    monitor: dict[str, Any] = named("ha", "PodMonitor", "vbp")["spec"]
    (asked,) = monitor["selector"]["matchExpressions"]
    scraped = {job["job_name"] for job in prometheus()["scrape_configs"]}
    assert set(asked["values"]) == scraped - {"prometheus", "alertmanager", "grafana"}
    groups = named("ha", "PrometheusRule", "vbp")["spec"]["groups"]
    made = [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule]
    assert made == [rule["alert"] for rule in alerts()]
