"""`vbp policy show`: a policy as a document."""

from tests.support.command_line import Vbp
from tools.documents import documents

MADE = documents()


def test_a_policy_is_shown_in_the_language_asked_for(vbp: Vbp) -> None:
    assert vbp("policy", "show", "cn-tj-2019-draft").out == MADE["cn-tj-2019-draft.md"]
    english = vbp("policy", "show", "cn-tj-2019-draft", "--lang", "en")
    assert (english.code, english.out) == (0, MADE["cn-tj-2019-draft.en.md"])


def test_a_policy_that_nobody_knows_is_refused(vbp: Vbp) -> None:
    told = vbp("policy", "show", "cn-xx")
    assert told.code == 2
    assert "no policy 'cn-xx'; known are: cn-sx-2021-22" in told.err
