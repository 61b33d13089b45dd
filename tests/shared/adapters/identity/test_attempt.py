from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.identity.attempt import Attempt, attempt_of, local_path

HERE = "https://vbp.example"


@pytest.mark.parametrize(
    "path",
    ["/", "/violations?status=open&rule=a", "/go/alert?x=%2F%2Fevil", "/a.csv", "/a//b?c=//d"],
)
def test_a_page_of_ours_is_where_one_is_led_back_to(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "told",
    ["", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "evil",
     "javascript:alert(1)", "/\t/evil.example", "/\n/evil", " /x", "/\u2028/evil", "/a\\b",
     "/?a=\\", "/" + "a" * 2_000, "///evil.example", "/#//evil", "http:/evil"],
)  # fmt: skip
def test_nowhere_else_is_one_led(told: str) -> None:
    assert local_path(told) in {"/", "/#//evil"}
    assert urlsplit(urljoin(HERE, local_path(told))).netloc == "vbp.example"


@given(told=st.text() | st.from_regex(r"[/\\\s]{0,3}[a-z.:]{0,5}[/\\]{0,2}[a-z.]{0,9}"))
def test_whatever_is_told_one_stays_here(told: str) -> None:
    path = local_path(told)
    assert urlsplit(urljoin(HERE, path))[:2] == ("https", "vbp.example")
    # As browsers read it: a backslash is a slash, what cannot be printed is left out.
    assert not "".join(path.split()).replace("\\", "/").startswith("//")


@given(to=st.from_regex(r"/[a-z.]{0,20}(\?[a-z=.&%]{0,20})?", fullmatch=True))
def test_what_a_browser_keeps_is_read_as_it_was_written(to: str) -> None:
    attempt = Attempt("state", "nonce", "verifier", to)
    assert attempt_of(attempt.text()) == attempt


@given(kept=st.text())
def test_whatever_a_browser_shows_is_read_or_is_none(kept: str) -> None:
    found = attempt_of(kept)
    assert found is None or found.state


@pytest.mark.parametrize("kept", ["", "...", "a.b.c", "a.b.c.", ".b.c./", "a" * 5_000 + ".b.c./"])
def test_what_is_no_attempt_is_none(kept: str) -> None:
    assert attempt_of(kept) is None
