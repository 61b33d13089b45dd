"""Every page that somebody may open is reached by links, and bars nobody, in both languages."""

from functools import cache

import pytest
from fastapi.routing import APIRoute

from services.compliance.settings import Settings
from services.compliance.web.app import create_app
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
    CHROMIUM,
    LANGUAGES,
    Inspector,
    Way,
    as_somebody,
    chromium,
    stroll,
)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH"),
]

MONTH = "2022-03"

OF_ALL = frozenset(
    {
        "/",
        "/violations",
        "/violations/{violation}",
        "/cases",
        "/cases/{case}",
        "/v1/cases/{case}/letters/{n}",
        "/parties",
        "/parties/{role}/{code:path}",
        "/rules",
        "/rules/{rule}",
        "/policies/{policy}",
        "/me",
    }
)
OF_OFFICES = OF_ALL | {"/coverage", "/quality", "/bulletins", "/bulletins/{month}"}
PAGES_OF = {OFFICER: OF_OFFICES, REVIEWER: OF_OFFICES, PARTY: OF_ALL, REGULATOR: OF_OFFICES}
"""The pages to which links lead each of them, by their routes."""


@pytest.mark.timeout(600)
async def test_links_lead_each_of_the_four_to_every_page_of_theirs_and_none_bars_them(
    address: str,
) -> None:
    await work_on(address, MONTH)
    inspector = Inspector([*NAMES, *WRITTEN.values()])
    async with chromium() as browser:
        for name, pages in PAGES_OF.items():
            for language in LANGUAGES:
                way = Way(scripts=True, language=language, width=1280)
                async with as_somebody(browser, address, name, way) as walker:
                    starts = [f"/cases/{case_of(MONTH)}", "/"]
                    reached = await stroll(walker, starts, _route_of, inspector)
                    assert reached == pages, (name, language)
    assert inspector.faults == []
    assert inspector.looked_at == len(LANGUAGES) * sum(map(len, PAGES_OF.values()))


@cache
def _routes() -> list[APIRoute]:
    routes = create_app(Settings(), POLICIES).routes
    return [one for one in routes if isinstance(one, APIRoute) and "GET" in (one.methods or ())]


def _route_of(path: str) -> str:
    return next(route.path for route in _routes() if route.path_regex.match(path))
