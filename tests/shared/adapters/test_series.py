"""What is written at once is what Prometheus reads, as clients of an object a series write it."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.parser import text_string_to_metric_families

from shared.adapters import metrics
from shared.adapters.series import Families, Family

GAUGE = Family("Things of a kind.", ("kind", "where"))
VALUES = st.tuples(st.text(max_size=4), st.sampled_from(["", 'a"b', "a\\n", "\n", "省"]))
NUMBERS = st.integers(0, 10**12) | st.floats(allow_nan=False)
SERIES = st.dictionaries(VALUES.filter(lambda one: "\r" not in one[0]), NUMBERS, max_size=5)


def read(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@given(st.lists(SERIES, min_size=1, max_size=3))
def test_each_writing_has_its_own_series_alone_whatever_the_labels(
    told: list[dict[tuple[str, ...], float]],
) -> None:
    families = Families({"vbp_things": GAUGE})
    for shown in told:
        families.write({"vbp_things": shown})
        registry = CollectorRegistry()
        gauge = Gauge("vbp_things", GAUGE.said, GAUGE.labels, registry=registry)
        for labels, number in shown.items():
            gauge.labels(*labels).set(number)
        assert read(families.text) == read(metrics.latest(registry).decode())


def test_a_registry_tells_them_beside_its_own_and_a_family_without_series_is_told() -> None:
    registry = metrics.Registry()
    Gauge("vbp_one", "One.", registry=registry).set(1)
    beside = Families({"vbp_things": GAUGE, "vbp_done_total": Family("Done.", (), "counter")})
    registry.written.append(beside)
    beside.write({"vbp_done_total": {(): 7}})
    text = metrics.latest(registry).decode()
    assert read(text) == {("vbp_one", frozenset()): 1, ("vbp_done_total", frozenset()): 7}
    assert "# TYPE vbp_things gauge\n" in text
    assert "# TYPE vbp_done_total counter\n" in text
