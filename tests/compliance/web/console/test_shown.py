"""How values are shown to people."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from services.compliance.web.console import shown, telling


def test_an_instant_is_shown_as_shanghai_time_and_kept_as_utc() -> None:
    assert shown.seconds("2022-05-17T04:04:30.000000Z") == (
        '<time datetime="2022-05-17T04:04:30Z">2022-05-17 12:04:30</time>'
    )
    assert "2022-05-17 12:04<" in shown.minutes(datetime(2022, 5, 17, 4, 4, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (None, "–"),
        (0, "0"),
        (72.0, "72"),
        (0.1, "0.1"),
        (True, "✓"),
        ("0.36", "0.36"),
        (["D1", "D2"], "D1, D2"),
        ({"r": 1, "R": 30}, "r 1, R 30"),
        ("2022-05-17T04:04:30.000000Z", "2022-05-17 12:04:30"),
    ],
)
def test_what_was_observed_is_shown_as_people_write_it(told: Any, text: str) -> None:
    assert shown.value(told) == text


@pytest.mark.parametrize(
    ("lasted", "zh", "en"),
    [
        (timedelta(minutes=5), "0 时 5 分", "0 h 5 min"),
        (timedelta(days=1, hours=20, minutes=59), "1 天 20 时", "1 d 20 h"),
        (timedelta(days=18, hours=3), "18 天", "18 d"),
        (timedelta(days=-1), "0 时 0 分", "0 h 0 min"),
    ],
)
def test_a_span_is_told_in_the_units_that_matter(lasted: timedelta, zh: str, en: str) -> None:
    assert (shown.span(lasted, "zh"), shown.span(lasted, "en")) == (zh, en)


def test_a_list_shows_a_message_without_its_brackets() -> None:
    message = (
        "订单 O1 应于 2022-05-17 12:04:30+08:00 前送达（配送时限：48，假设值）：订 230，缺 102"
    )
    assert shown.brief(message) == "订单 O1 应于 2022-05-17 12:04:30 前送达：订 230，缺 102"
    nested = "缺 102（配送时限（小时）：48，假设值（条款未写明（七）））。"
    assert shown.brief(nested) == "缺 102。"
    assert len(shown.brief("长" * 1_000)) == 140


def test_a_message_is_shown_without_offsets_as_all_times_are_of_beijing() -> None:
    told = "due by 2026-10-14 15:38:24+08:00 (over at 2026-10-19 05:33:13+08:00)"
    assert shown.message(told) == "due by 2026-10-14 15:38:24 (over at 2026-10-19 05:33:13)"
    assert shown.brief(told) == "due by 2026-10-14 15:38:24"


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_whatever_was_stored_is_shown_and_nothing_of_it_becomes_markup(told: Any) -> None:
    for show in (shown.seconds, shown.minutes):
        text = str(escape(show(told)))
        assert "<" not in text.replace("<time datetime", "").replace("</time>", "")
    assert isinstance(shown.value(told), str)
    assert isinstance(shown.brief(told), str)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("不超过5家", "不超过5家", '<span lang="zh-CN">不超过5家</span>'),
        (
            "七: see <A>, which says so",
            '<span lang="en"><span lang="zh-CN">七</span>: see &lt;A&gt;, which says so</span>',
            '<span lang="zh-CN">七</span>: see &lt;A&gt;, which says so',
        ),
        (
            "The text says nothing of it.",
            '<span lang="en">The text says nothing of it.</span>',
            "The text says nothing of it.",
        ),
        ("O-17", "O-17", "O-17"),
        (None, "", ""),
    ],
)
def test_a_text_that_is_told_in_one_language_says_on_a_page_in_the_other_which_it_is(
    text: str | None, zh: str, en: str
) -> None:
    assert shown.marked(text, "zh") == zh
    assert shown.marked(text, "en") == en


def test_codes_that_have_words_are_shown_by_them_and_no_other_text_is_touched() -> None:
    assert shown.said("production_stopped", "zh") == "停产"
    assert shown.said(["manufacturer", "H1"], "en") == "Manufacturer, H1"
    assert shown.said("refused", "en") == "refused"
    assert shown.said(None, "zh") == "–"


def test_every_code_is_said_in_english_too() -> None:
    assert not [code for code in telling.CODES if not shown.said(code, "en").isascii()]
