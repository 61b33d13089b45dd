"""What pages say of a violation beside its own words."""

from services.compliance.web.console.renderer import lasted
from tests.support.kept import a_violation


def test_what_went_on_says_how_long_and_what_was_done_at_once_does_not() -> None:
    began = a_violation().occurred_at
    went_on = a_violation(cured_at="2022-01-02T03:01:00Z")
    assert lasted(went_on, language="zh") == "1 天 3 时"
    assert lasted(a_violation(cured_at=began), language="zh") == "–"
