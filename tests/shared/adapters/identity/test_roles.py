import pytest
from fastapi import APIRouter, FastAPI

from shared.adapters.identity.roles import IDENTIFIED, OPEN, Declared, admits, declared
from shared.domain.principal import Role


async def nothing() -> None:
    """Answer nothing."""


def test_a_route_without_a_role_makes_no_application() -> None:
    app = FastAPI()
    app.get("/v1/secrets")(nothing)
    with pytest.raises(TypeError, match="/v1/secrets: declares 0 times"):
        list(declared(app))


def test_a_route_of_a_router_without_a_role_makes_no_application() -> None:
    app, router = FastAPI(), APIRouter()
    router.get("/v1/secrets", include_in_schema=False)(nothing)
    app.include_router(router)
    with pytest.raises(TypeError, match="/v1/secrets: declares 0 times"):
        list(declared(app))


def test_a_route_that_says_twice_whom_it_admits_makes_no_application() -> None:
    app = FastAPI()
    app.get("/v1/secrets", dependencies=[OPEN, IDENTIFIED])(nothing)
    with pytest.raises(TypeError, match="/v1/secrets: declares 2 times"):
        list(declared(app))


def test_a_folder_of_files_cannot_be_served_beside_the_routes() -> None:
    app = FastAPI()
    app.mount("/files", FastAPI())
    with pytest.raises(TypeError, match="/files"):
        list(declared(app))


def test_a_role_must_be_named() -> None:
    with pytest.raises(ValueError, match="name a role"):
        admits()


def test_routes_are_given_with_their_roles() -> None:
    app = FastAPI()
    app.get("/v1/things", dependencies=[admits(Role.AUDITOR)])(nothing)
    assert [*declared(app)] == [Declared("GET", "/v1/things", frozenset({Role.AUDITOR}))]
