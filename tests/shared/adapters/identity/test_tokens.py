"""Forged tokens of many kinds are refused, honest ones taken, whatever else the request holds."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from shared.adapters.identity.asking import Asking, asking
from shared.adapters.identity.settings import IdentitySettings
from shared.adapters.problems import ProblemError
from shared.domain.principal import Party, Principal, Role
from tests.support.issuer import AUDIENCE, ISSUER, Issuer, served
from tests.support.tokens import ALGORITHMS, HONEST, forged

NOBODY = "postgresql://nobody@127.0.0.1:1/nowhere"


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def asker(issuer: Issuer) -> Iterator[Asking]:
    with served(issuer) as address:
        yield asking(
            IdentitySettings(
                identity="required",
                token_issuer=ISSUER,
                token_audience=AUDIENCE,
                token_keys=address,
            ),
            NOBODY,
        )


async def shown(asker: Asking, *values: str) -> Principal:
    return await asker.identify(Headers(raw=[(b"authorization", one.encode()) for one in values]))


async def refused(asker: Asking, *values: str) -> str:
    with pytest.raises(ProblemError) as caught:
        await shown(asker, *values)
    assert caught.value.status == 401
    assert caught.value.headers["WWW-Authenticate"].startswith('Bearer realm="vbp"')
    return str(caught.value)


FORGED = sorted(forged(Issuer()))
TAKEN = [(algorithm, kind) for algorithm in ALGORITHMS for kind in HONEST]


def test_forty_kinds_of_forged_tokens_are_tried_and_forty_honest_ones() -> None:
    # Texts of their own, for a kind that only has another name is none.
    assert len({one.token for one in forged(Issuer()).values()}) == len(FORGED) >= 69
    assert len(TAKEN) >= 42


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_token_is_refused_for_what_is_wrong_with_it(
    issuer: Issuer, asker: Asking, kind: str
) -> None:
    one = forged(issuer)[kind]
    detail = await refused(asker, f"Bearer {one.token}")
    assert detail.startswith(f"The token is not taken: {one.why}")
    assert one.token not in detail


@pytest.mark.parametrize(("algorithm", "kind"), TAKEN)
async def test_an_honest_token_is_taken(
    issuer: Issuer, asker: Asking, algorithm: str, kind: str
) -> None:
    claims = HONEST[kind]
    # Instants are told as seconds from now: the test may wait for its turn.
    now = int(time.time())
    told: dict[str, Any] = {n: v + now if isinstance(v, int) else v for n, v in claims.items()}
    principal = await shown(asker, f"Bearer {issuer.token(algorithm, **told)}")
    assert principal == Principal(
        f"person:{claims.get('sub', 'liwj')}", frozenset({Role.AUDITOR}), frozenset({"cn-sx"})
    )


async def test_a_token_gives_what_it_says_and_nothing_that_it_does_not(
    issuer: Issuer, asker: Asking
) -> None:
    told: dict[str, Any] = {
        "vbp_roles": ["party", "root"],
        "vbp_parties": ["hospital:H1"],
        "vbp_sources": ["/a"],
    }
    one = await shown(asker, f"Bearer {issuer.token(**told, vbp_jurisdictions='*')}")
    assert one.roles == {Role.PARTY}
    assert one.jurisdictions is None
    assert await shown(asker, f"Bearer {issuer.token(**told, vbp_jurisdictions=['*'])}") == one
    several = await shown(asker, f"Bearer {issuer.token(vbp_jurisdictions=['*', 'cn-sx'])}")
    assert several.jurisdictions == frozenset({"*", "cn-sx"})
    assert one.parties == {Party("hospital", "H1")}
    assert one.sources == frozenset({"/a"})
    bare = await shown(asker, f"Bearer {issuer.token(vbp_roles=None, vbp_jurisdictions=None)}")
    assert bare == Principal("person:liwj", frozenset(), frozenset())


async def test_a_header_that_comes_twice_is_refused(issuer: Issuer, asker: Asking) -> None:
    good = f"Bearer {issuer.token()}"
    assert "2 times" in await refused(asker, good, good)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} x", "Bearer  \t{}", "Bearer {},{}",
     "DPoP {}", "Bearer\u00a0{}", "Bearer {}\u0000", " Bearer {}"],
)  # fmt: skip
async def test_what_is_no_bearer_is_refused(issuer: Issuer, asker: Asking, header: str) -> None:
    await refused(asker, header.replace("{}", issuer.token()))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.text() | st.text().map("Bearer {}".format) | st.binary().map(str))
async def test_whatever_a_header_holds_nobody_is_identified(asker: Asking, header: str) -> None:
    try:
        await refused(asker, header)
    except UnicodeEncodeError:
        return


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, 10_000), to=st.sampled_from("ABCabc012-_.="))
async def test_a_token_with_another_letter_is_refused(
    issuer: Issuer, asker: Asking, at: int, to: str
) -> None:
    good = issuer.token("EdDSA")
    place = at % (len(good) - 1)
    if good[place] != to:
        await refused(asker, f"Bearer {good[:place]}{to}{good[place + 1 :]}")
