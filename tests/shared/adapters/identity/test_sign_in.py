"""What an issuer says of who signed in is believed where all of it holds, and never otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from shared.adapters.identity.attempt import Back, attempt_of
from shared.adapters.identity.settings import SignInSettings
from shared.adapters.identity.sign_in import SignIn, endpoints_of
from shared.domain.errors import InvalidArgumentError, SetupError, TransientError
from shared.domain.principal import Principal, Role
from tests.support.issuer import AUDIENCE, CONSOLE, ISSUER, Issuer, served

KEYS = Issuer().private
HERE = "http://127.0.0.1:8003"


def settings_of(address: str, **more: Any) -> SignInSettings:
    return SignInSettings(
        identity="required",
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        token_keys=address,
        sign_in_url=HERE,
        sign_in_client=CONSOLE,
        sign_in_discovery=address.replace("/keys", "/openid"),
        **more,
    )


@dataclass
class Sides:
    """Both sides: the console's, and the issuer's."""

    console: SignIn
    issuer: Issuer

    async def signed_in(self, kept: str | None = None, /, **changed: Any) -> Principal:
        """Who is signed in, by way of an honest attempt but for what is said here."""
        address, attempt = await self.console.begin("/quality?a=b.c")
        claims = changed.pop("claims", {})
        code = self.issuer.sign_in(address, **claims)
        back = Back(attempt.state, code, "", "")._replace(**changed)
        principal, to = await self.console.finish(attempt.text() if kept is None else kept, back)
        assert to == "/quality?a=b.c"
        return principal


@pytest.fixture
def sides() -> Iterator[Sides]:
    issuer = Issuer(dict(KEYS))
    with served(issuer) as address:
        yield Sides(SignIn(settings_of(address)), issuer)


async def test_who_signs_in_is_whom_the_issuer_names(sides: Sides) -> None:
    assert await sides.signed_in() == Principal(
        "person:liwj", frozenset({Role.AUDITOR}), frozenset({"cn-sx"})
    )
    assert await sides.signed_in(iss=ISSUER, claims={"header": {"typ": None}, "azp": CONSOLE})


async def test_what_a_browser_takes_to_the_issuer_is_new_each_time(sides: Sides) -> None:
    asked = [dict(parse_qsl(urlsplit((await sides.console.begin("/"))[0]).query)) for _ in "ab"]
    for name in ("state", "nonce", "code_challenge"):
        assert len({one[name] for one in asked}) == 2
        assert all(len(one[name]) >= 43 for one in asked)
    assert {one["redirect_uri"] for one in asked} == {f"{HERE}/signed-in"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"state": ""}, "did not begin"),
        ({"state": "x" * 43}, "did not begin"),
        ({"state": "状态"}, "did not begin"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"error": "access_denied"}, r"\(access_denied\)"),
        ({"error": "<script>alert(1)</script>"}, r"\(it sends no code\)"),
        ({"code": ""}, "no code"),
        ({"code": "a" * 3_000}, "no code"),
        ({"code": "another"}, "does not take the code"),
        ({"claims": {"nonce": None}}, "nonce"),
        ({"claims": {"nonce": "another"}}, "nonce"),
        ({"claims": {"nonce": ["n"]}}, "nonce"),
        ({"claims": {"azp": "another"}}, "azp"),
        ({"claims": {"aud": AUDIENCE}}, "aud"),
        ({"claims": {"aud": "account"}}, "aud"),
        ({"claims": {"iss": "https://evil.example"}}, "iss"),
        ({"claims": {"exp": 1}}, "exp"),
        ({"claims": {"sub": None}}, "sub"),
        ({"claims": {"vbp_parties": ["H1"]}}, "vbp_parties"),
        ({"claims": {"header": {"typ": "at+jwt"}}}, "typ"),
        ({"claims": {"header": {"kid": "EdDSA"}}}, "alg"),
        ({"claims": {"signed_by": (Issuer().private["ES256"], "ES256")}}, "signature"),
    ],
)
async def test_nobody_is_signed_in_where_something_does_not_hold(
    sides: Sides, changed: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=why):
        await sides.signed_in(**changed)


@pytest.mark.parametrize("kept", ["", "a.b.c./", "x"])
async def test_a_browser_that_did_not_begin_here_signs_nobody_in(sides: Sides, kept: str) -> None:
    with pytest.raises(InvalidArgumentError, match="did not begin"):
        await sides.signed_in(kept)


async def test_a_code_that_was_begun_by_another_browser_is_of_no_use(sides: Sides) -> None:
    address, attempt = await sides.console.begin("/")
    stolen = sides.issuer.sign_in(address)
    _, own = await sides.console.begin("/")
    with pytest.raises(InvalidArgumentError, match="does not take the code"):
        await sides.console.finish(own.text(), Back(own.state, stolen, "", ""))
    assert attempt_of(attempt.text()) == attempt


async def test_a_code_is_taken_once(sides: Sides) -> None:
    address, attempt = await sides.console.begin("/")
    back = Back(attempt.state, sides.issuer.sign_in(address), "", "")
    await sides.console.finish(attempt.text(), back)
    with pytest.raises(InvalidArgumentError, match="does not take the code"):
        await sides.console.finish(attempt.text(), back)


async def test_the_console_shows_its_secret_where_it_has_one(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    issuer = Issuer(dict(KEYS), secret="s3cret")  # noqa: S106  # as in the file below
    with served(issuer) as address:
        with_it = Sides(SignIn(settings_of(address, sign_in_secret_file=secret)), issuer)
        with pytest.raises(SetupError, match="VBP_SIGN_IN_SECRET_FILE"):
            await with_it.signed_in()
        secret.write_text("s3cret\n")
        assert await with_it.signed_in()
        with pytest.raises(InvalidArgumentError, match="does not take the code"):
            await Sides(SignIn(settings_of(address)), issuer).signed_in()


async def test_an_issuer_that_is_away_is_told_and_asked_again(sides: Sides) -> None:
    sides.issuer.answers = False
    with pytest.raises(TransientError, match="issuer of identities does not answer"):
        await sides.console.begin("/")
    assert await sides.console.end_address() is None
    sides.issuer.answers = True
    assert await sides.signed_in()
    assert await sides.console.end_address() == (
        "https://issuer.example/end?client_id=vbp-console"
        "&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A8003%2F"
    )


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        {"issuer": "https://evil.example"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "authorization_endpoint": "http://issuer.example/a",
         "token_endpoint": "https://issuer.example/t"},
        {"issuer": ISSUER, "authorization_endpoint": "javascript:alert(1)",
         "token_endpoint": "https://issuer.example/t"},
        {"issuer": ISSUER, "authorization_endpoint": ["https://issuer.example/a"],
         "token_endpoint": "https://issuer.example/t"},
    ],
)  # fmt: skip
def test_what_is_no_configuration_of_our_issuer_is_refused(told: Any) -> None:
    with pytest.raises(ValueError, match=r"issuer|https|where"):
        endpoints_of(told, ISSUER)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"sign_in_client": ""}, "go together"),
        ({"sign_in_discovery": ""}, "go together"),
        ({"sign_in_client": AUDIENCE}, "must differ"),
        ({"identity": "local"}, "VBP_IDENTITY=required"),
        ({"sign_in_url": "http://vbp.example"}, "sign_in_url"),
        ({"sign_in_url": "https://vbp.example/console"}, "sign_in_url"),
        ({"sign_in_discovery": "http://issuer.example/openid"}, "sign_in_discovery"),
        ({"sign_in_hours": 100}, "sign_in_hours"),
    ],
    ids=str,
)
def test_settings_that_do_not_fit_say_so(changed: dict[str, Any], why: str) -> None:
    good = settings_of("http://127.0.0.1:1/keys")
    with pytest.raises(ValueError, match=why):
        SignInSettings(**(good.model_dump() | changed))
