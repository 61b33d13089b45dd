from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain import ids

CODES = st.text(alphabet=st.sampled_from("ab/%2F5é县"))


@example("%2F", "a/b")
@example("%252F", "/")
@given(CODES, CODES)
def test_a_key_gives_back_the_codes_that_it_was_joined_of(first: str, second: str) -> None:
    assert ids.parts(ids.pair(first, second)) == (first, second)
