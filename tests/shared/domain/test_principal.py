import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.principal import (
    LOCAL,
    OVERSEERS,
    Party,
    Principal,
    Role,
    may_do,
    may_reach,
    may_see,
    may_tell,
)

CODES = st.sampled_from(["1", "2", "3"])
PARTIES = st.frozensets(st.builds(Party, st.sampled_from(["hospital", "distributor"]), CODES))
PLACES = st.sampled_from(["cn-sx", "cn-tj"])
PRINCIPALS = st.builds(
    Principal,
    st.just("key:abc"),
    st.frozensets(st.sampled_from(Role)),
    st.none() | st.frozensets(PLACES),
    PARTIES,
    st.none() | st.frozensets(CODES),
)


@given(PRINCIPALS, PLACES, PARTIES)
def test_nobody_sees_what_is_neither_overseen_nor_their_own(
    principal: Principal, place: str, parties: frozenset[Party]
) -> None:
    seen = may_see(principal, place, parties)
    assert seen == (
        may_reach(principal, place)
        and (bool(principal.roles & OVERSEERS) or bool(principal.parties & parties))
    )


@given(PLACES, PARTIES, CODES)
def test_a_principal_without_anything_may_nothing(
    place: str, parties: frozenset[Party], source: str
) -> None:
    nobody = Principal("key:abc", frozenset())
    assert not may_see(nobody, place, parties)
    assert not may_tell(nobody, source)
    assert not may_do(nobody, frozenset(Role))


def test_who_sits_at_the_machine_may_do_all() -> None:
    assert may_see(LOCAL, "cn-sx", [])
    assert may_tell(LOCAL, "/platforms/anybody")
    assert all(may_do(LOCAL, {role}) for role in Role)


@pytest.mark.parametrize("role", Role)
def test_each_role_has_words_in_both_languages(role: Role) -> None:
    assert role.zh
    assert role.en.isascii()
