"""Page tokens, without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.answers.filters import Asked
from services.compliance.answers.paging import ListPlace, place_of, token_of
from shared.domain.errors import InvalidArgumentError

PLACES = st.builds(
    ListPlace,
    st.integers(0, 2**57).map(
        lambda some: datetime(1901, 1, 1, tzinfo=UTC) + timedelta(microseconds=some)
    ),
    st.uuids(),
)
HERE = ListPlace(datetime(2022, 3, 1, 1, 30, 0, 123456, tzinfo=UTC), UUID(int=7))


@given(PLACES, st.binary(max_size=32))
def test_a_token_gives_back_the_place_it_was_made_from(place: ListPlace, filters: bytes) -> None:
    assert place_of(token_of(place, filters), filters) == place


@given(PLACES, st.data())
def test_a_token_with_any_character_changed_is_refused(
    place: ListPlace, data: st.DataObject
) -> None:
    token = token_of(place, b"f")
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda character: character != token[at]))

    with pytest.raises(InvalidArgumentError):
        place_of(token[:at] + other + token[at + 1 :], b"f")


@pytest.mark.parametrize("garbage", ["", "x", "====", "é", "AAAA", "a" * 300])
def test_garbage_is_refused_with_the_remedy(garbage: str) -> None:
    with pytest.raises(InvalidArgumentError, match="Pass next_page_token unchanged"):
        place_of(garbage, b"f")


def test_a_token_of_other_filters_is_refused() -> None:
    with pytest.raises(InvalidArgumentError):
        place_of(token_of(HERE, b"these"), b"those")


def test_filters_that_mean_the_same_have_one_fingerprint() -> None:
    one = Asked.model_validate(
        {"rule": ["late-response", "coverage-gap"], "occurred_from": "2022-03-01T08:00:00+08:00"}
    )
    same = Asked.model_validate(
        {
            "rule": ["coverage-gap", "late-response", "coverage-gap"],
            "occurred_from": "2022-03-01T00:00:00Z",
            "page_size": 7,
        }
    )
    assert one.fingerprint() == same.fingerprint()
    assert one.fingerprint() != Asked.model_validate({"rule": ["late-response"]}).fingerprint()
