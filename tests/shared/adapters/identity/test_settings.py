import pytest

from shared.adapters.identity.settings import IdentitySettings, check_address
from shared.domain.errors import InvalidArgumentError


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "10.0.0.7", "example.org", "localhost.example.org"],  # noqa: S104
)
def test_where_nobody_is_asked_others_cannot_be_let_in(host: str) -> None:
    with pytest.raises(InvalidArgumentError, match="Set VBP_IDENTITY=required, or VBP_HOST"):
        check_address(IdentitySettings(identity="local"), host)
    check_address(IdentitySettings(identity="closed"), host)
    check_address(IdentitySettings(identity="required"), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_this_machine_is_let_in(host: str) -> None:
    check_address(IdentitySettings(identity="local"), host)


def test_nobody_is_admitted_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VBP_IDENTITY", raising=False)
    assert IdentitySettings().identity == "closed"
