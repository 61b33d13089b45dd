"""The realm of Keycloak says what our services read, and nobody gives themselves more."""

import json
import re
from typing import Any

import pytest

from services.compliance.settings import Settings
from shared.adapters.identity.attempt import BACK
from shared.domain.principal import Role
from tests.support.deployment import DEPLOY, services

CLAIMS = {"vbp_roles", "vbp_jurisdictions", "vbp_parties", "vbp_sources"}


@pytest.fixture(scope="module")
def realm() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((DEPLOY / "keycloak/vbp-realm.json").read_text("utf-8"))
    return told


@pytest.fixture(scope="module")
def settings() -> Settings:
    text = (DEPLOY / "docker/example.env").read_text("utf-8")
    told = dict(re.findall(r"^#   VBP_([A-Z_]+)=(.+)$", text, re.MULTILINE))
    assert len(told) == 6
    values: dict[str, Any] = {name.lower(): value for name, value in told.items()}
    return Settings(identity="required", **values)


def client(realm: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in realm["clients"] if one["clientId"] == name]
    return dict(found)


def test_its_roles_are_ours(realm: dict[str, Any]) -> None:
    assert {one["name"] for one in realm["roles"]["realm"]} == {role.value for role in Role}


def test_tokens_carry_the_claims_that_are_read(realm: dict[str, Any]) -> None:
    scopes = {one["name"]: one["protocolMappers"] for one in realm["clientScopes"]}
    told = {one["config"]["claim.name"]: one["config"] for one in scopes["vbp"]}
    assert told.keys() == CLAIMS
    for config in told.values():
        assert config["multivalued"] == config["id.token.claim"] == "true"
        assert config["access.token.claim"] == "true"


def test_people_cannot_change_whose_they_are(realm: dict[str, Any]) -> None:
    (kept,) = realm["components"]["org.keycloak.userprofile.UserProfileProvider"]
    profile = json.loads(kept["config"]["kc.user.profile.config"][0])
    ours = {one["name"]: one for one in profile["attributes"] if one["name"].startswith("vbp_")}
    assert ours.keys() == CLAIMS - {"vbp_roles"}
    assert all(
        one["permissions"] == {"view": ["admin"], "edit": ["admin"]} for one in ours.values()
    )
    assert "unmanagedAttributePolicy" not in profile
    assert not realm["registrationAllowed"]
    assert "users" not in realm


def test_the_console_signs_in_by_pkce_and_nothing_else(
    realm: dict[str, Any], settings: Settings
) -> None:
    console = client(realm, settings.sign_in_client)
    assert console["attributes"]["pkce.code.challenge.method"] == "S256"
    assert console["redirectUris"] == [settings.sign_in_url + BACK]
    assert console["attributes"]["post.logout.redirect.uris"] == settings.sign_in_url + "/"
    flows = ("implicitFlowEnabled", "directAccessGrantsEnabled", "serviceAccountsEnabled")
    assert [console[flow] for flow in flows] == [False] * 3
    assert "vbp" in console["defaultClientScopes"]
    # Its tokens are of no use at the API.
    assert "vbp-audience" not in console["defaultClientScopes"]


def test_a_platforms_tokens_are_what_the_services_take(
    realm: dict[str, Any], settings: Settings
) -> None:
    platform = client(realm, "vbp-platform")
    assert not platform["enabled"]
    assert platform["attributes"]["access.token.header.type.rfc9068"] == "true"
    (audience,) = [
        mapper["config"]["included.custom.audience"]
        for scope in realm["clientScopes"]
        if scope["name"] == "vbp-audience"
        for mapper in scope["protocolMappers"]
    ]
    assert audience == settings.token_audience


def test_the_example_leads_to_the_keycloak_of_compose(settings: Settings) -> None:
    keycloak = services()["keycloak"]
    assert keycloak["profiles"] == ["people"]
    hostname = keycloak["environment"]["KC_HOSTNAME"]
    assert settings.token_issuer == f"{hostname}/realms/vbp"
    for address in (settings.token_keys, settings.sign_in_discovery):
        assert address.startswith("http://keycloak:8080/realms/vbp/")
    for name in ("orders", "delivery", "compliance"):
        assert set(services()[name]["networks"]) & set(keycloak["networks"])
