"""Every page that somebody may open is reached by links, and bars nobody, in both languages."""

from functools import cache

import pytest
from fastapi.routing import APIRoute

from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from services.compliance.web.console.languages import Language
from shared.adapters.identity.roles import declared
from shared.domain.principal import Role
from tests.support.kept import POLICIES
from tests.support.two_months import (
    NAMES,
    OFFICER,
    PARTY,
    REGULATOR,
    REVIEWER,
    WRITTEN,
    case_of,
    work_on,
)
from tests.support.walking import (
    LANGUAGES,
    NEEDS_CHROMIUM,
    Inspector,
    Way,
    as_somebody,
    chromium,
    stroll,
)

pytestmark = [pytest.mark.integration, NEEDS_CHROMIUM]

MONTH = "2022-03"
LETTER = "/v1/cases/{case}/letters/{n}"

OF_ALL = frozenset(
    {
        "/",
        "/violations",
        "/violations/{violation}",
        "/cases",
        "/cases/{case}",
        LETTER,
        "/parties",
        "/parties/{role}/{code:path}",
        "/rules",
        "/rules/{rule}",
        "/policies/{policy}",
        "/me",
    }
)
OF_OFFICES = OF_ALL | {
    "/coverage",
    "/quality",
    "/bulletins",
    "/bulletins/{month}",
    "/exemptions",
}
PAGES_OF = {
    OFFICER: OF_OFFICES | {"/exemptions/new"},
    REVIEWER: OF_OFFICES,
    PARTY: OF_ALL,
    REGULATOR: OF_OFFICES,
}
"""The pages to which links lead each of them, by their routes."""

SPOKEN: dict[str, tuple[Language, ...]] = {
    OFFICER: LANGUAGES,
    REVIEWER: ("zh",),
    PARTY: LANGUAGES,
    REGULATOR: ("en",),
}
"""In which languages each of them looks: officials are shown the same pages."""


@pytest.mark.timeout(900)
async def test_links_lead_each_of_the_four_to_every_page_of_theirs_and_none_bars_them(
    address: str,
) -> None:
    await work_on(address, MONTH)
    inspector = Inspector([*NAMES, *WRITTEN.values()])
    async with chromium() as browser:
        for name, pages in PAGES_OF.items():
            for language in SPOKEN[name]:
                way = Way(scripts=True, language=language, width=1280)
                async with as_somebody(browser, address, name, way) as walker:
                    starts = [f"/cases/{case_of(MONTH)}", "/"]
                    reached = await stroll(walker, starts, _route_of, inspector)
                    assert reached == pages, (name, language)
    assert inspector.faults == []
    assert inspector.looked_at == sum(
        len(SPOKEN[name]) * len(pages) for name, pages in PAGES_OF.items()
    )


@pytest.mark.parametrize(
    ("name", "role"),
    [
        (OFFICER, Role.OFFICER),
        (REVIEWER, Role.REVIEWER),
        (PARTY, Role.PARTY),
        (REGULATOR, Role.REGULATOR),
    ],
)
def test_links_lead_to_all_pages_that_admit_somebody_but_the_way_from_alerts(
    name: str, role: Role
) -> None:
    admitting = {
        one.path
        for one in declared(create_app(Settings(), POLICIES))
        if one.method == "GET" and role in one.roles and not one.path.startswith("/v1/")
    }
    assert admitting - {"/go/alert"} == PAGES_OF[name] - {LETTER}


def _route_of(path: str) -> str | None:
    """Give the route of a page; files and data for machines are none."""
    route = next(route.path for route in _routes() if route.path_regex.match(path))
    return route if route == LETTER or not route.startswith("/v1/") else None


@cache
def _routes() -> list[APIRoute]:
    routes = create_app(Settings(), POLICIES).routes
    return [one for one in routes if isinstance(one, APIRoute) and "GET" in (one.methods or ())]
