from importlib.metadata import version

from prometheus_client import Counter, generate_latest

from shared.adapters.metrics import begin


def test_a_process_tells_its_version_and_what_it_uses_and_of_no_series_when_it_began() -> None:
    registry = begin("orders")
    Counter("vbp_some", "Some.", registry=registry)

    told = generate_latest(registry).decode()

    labels = f'service="orders",version="{version("vbp-compliance")}"'
    assert "vbp_build_info{" in told
    assert all(label in told for label in labels.split(","))
    assert "process_resident_memory_bytes " in told
    assert "process_open_fds " in told
    assert "vbp_some_total 0.0" in told
    assert "_created" not in told
