"""The table of roles that stands in docs/ is the one that the routes make."""

from pathlib import Path

from tools.roles import FILE, text


def test_the_table_in_the_repository_is_the_one_that_the_routes_declare() -> None:
    kept = (Path(__file__).parents[2] / FILE).read_text("utf-8")
    assert kept == text(), "a route admits others than before: make documents"
