"""Every word of the pages has its English."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from fastapi import Request

from services.compliance.answers.catalogue import show_policy
from services.compliance.rules import RULES
from services.compliance.web.console import languages, telling, wording
from services.compliance.web.console.languages import language_of
from tests.support.builders import POLICIES

CONSOLE = Path(languages.__file__).parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[a-z]{2} [a-z]{2}")


def said() -> set[str]:
    """All that the templates and the code of the console give to be translated."""
    found = {
        message
        for _, _, message, _, _ in extract_from_dir(
            CONSOLE,
            [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")],
            keywords={"_": None, "translate": None},
        )
        if isinstance(message, str)
    }
    for name, words in {**vars(wording), **vars(telling)}.items():
        if name.isupper():
            found |= set(words.values())
    return found


def test_all_that_is_said_has_its_english_and_no_more() -> None:
    english = languages.words("en")
    assert len(said()) > 150
    assert {text for text in said() if text not in english} == set()
    assert {text for text in english.values() if CHINESE.search(text) or not text} == set()


def noted() -> set[str]:
    """All that policies note, and how rules read them."""
    told = [show_policy(policy) for policy in POLICIES.all]
    return {
        *(rule.explanation for rule in RULES),
        *(policy.note for policy in told),
        *(clause.not_judged for policy in told for clause in policy.clauses.values()),
        *(rule.note for policy in told for rule in policy.rules.values()),
        *(used.note for policy in told for used in policy.values.values()),
    }


def test_all_that_policies_and_rules_say_in_english_has_its_chinese_and_no_more() -> None:
    chinese = languages.words("zh")
    assert len(chinese) > 100
    assert {text for text in noted() if ENGLISH.search(text)} - chinese.keys() == set()
    assert chinese.keys() - noted() == set()
    assert {text for text in chinese.values() if not CHINESE.search(text)} == set()


def test_no_chinese_stands_in_a_template_outside_of_what_is_translated() -> None:
    for template in CONSOLE.rglob("*.html"):
        text = re.sub(r"\{[{%].*?[%}]\}", "", template.read_text(encoding="utf-8"))
        left = CHINESE.findall(text.replace("中文", "").replace("、", ""))
        assert left == [], template.name


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "language"),
    [
        ("", "", "", "zh"),
        ("", "", "en-GB,en;q=0.9", "en"),
        ("", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "", "fr;q=0.9,*;q=0.1", "zh"),
        ("", "", "\xff;;;,q", "zh"),
        ("", "en", "zh-CN", "en"),
        ("", "fr", "en", "en"),
        ("lang=zh", "en", "en", "zh"),
        ("lang=xx", "", "en", "en"),
    ],
)
def test_what_the_address_asks_for_goes_before_the_last_choice_and_that_before_the_browser(
    query: str, cookie: str, accepted: str, language: str
) -> None:
    headers = [(b"accept-language", accepted.encode("latin-1"))]
    if cookie:
        headers.append((b"cookie", f"lang={cookie}".encode()))
    scope = {"type": "http", "query_string": query.encode(), "headers": headers}
    assert language_of(Request(scope)) == language
