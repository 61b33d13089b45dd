"""What pages say of a violation beside its own words."""

from types import SimpleNamespace

from services.compliance.web.console.renderer import brief, lasted, value_name
from tests.support.kept import a_violation


def test_what_went_on_says_how_long_and_what_was_done_at_once_does_not() -> None:
    began = a_violation().occurred_at
    went_on = a_violation(cured_at="2022-01-02T03:01:00Z")
    assert lasted(went_on, language="zh") == "1 天 3 时"
    assert lasted(a_violation(cured_at=began), language="zh") == "–"


def test_a_list_says_what_was_ordered_where_the_order_stands_beside() -> None:
    told = {
        "message_zh": "订单 O1 应于 6 月 1 日前送达（合同）",
        "message_en": "Order O1 was due on 1 June",
    }
    shown = SimpleNamespace(order="O1", names={"product": "厄贝沙坦片"}, **told)
    assert brief(shown, language="zh") == "厄贝沙坦片 应于 6 月 1 日前送达"
    assert brief(shown, language="en") == "厄贝沙坦片 was due on 1 June"
    nameless = SimpleNamespace(order="O1", names={}, **told)
    assert brief(nameless, language="en") == "Order O1 was due on 1 June"


def test_a_value_of_a_policy_is_called_by_words_in_both_languages() -> None:
    assert value_name("response_hours", "zh") == "响应时限（小时）"
    assert value_name("response_hours", "en") == "Response hours"
