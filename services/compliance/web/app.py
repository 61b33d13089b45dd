"""The violations API as a process: the application, and the server that runs it."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from services.compliance.answers.database import Database
from services.compliance.answers.deadlines import Deadlines
from services.compliance.answers.figures import Figures
from services.compliance.answers.neighbours import Neighbour
from services.compliance.answers.shapes import schemas
from services.compliance.people import practice
from services.compliance.policies import policy
from services.compliance.policies.policy import Policies
from services.compliance.settings import Settings
from services.compliance.storage.desk import Desk
from services.compliance.web.acting import Acting
from services.compliance.web.api import build_router
from services.compliance.web.broker import BrokerWatch
from services.compliance.web.bulletins import add_bulletins, add_issuing
from services.compliance.web.cases import add_cases
from services.compliance.web.casework import CaseWork, Doors
from services.compliance.web.changes import Follower, RecentChanges
from services.compliance.web.console import refusing, sign_in
from services.compliance.web.console.pages import Sources, build_console
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.console.sign_in import signs_in
from services.compliance.web.coverage import add_coverage
from services.compliance.web.denominators import add_denominators
from services.compliance.web.disputes import add_disputes
from services.compliance.web.exemptions import add_exemptions
from services.compliance.web.exports import add_exports
from services.compliance.web.gauges import ApiMetrics
from services.compliance.web.hooks import Hooks
from services.compliance.web.letters import LetterWriter
from services.compliance.web.packs import add_packs
from services.compliance.web.receipts import add_receipts
from services.compliance.web.reviews import add_reviews
from services.compliance.web.stream import Streams, add_stream
from services.compliance.web.webhooks import add_webhooks
from shared.adapters import http, logs, metrics, problems, serving
from shared.adapters.identity.access import AccessLog
from shared.adapters.identity.by_session import BySession
from shared.adapters.identity.layer import Watch, Welcome, guard, identifying
from shared.adapters.identity.rates import Rates
from shared.adapters.identity.settings import check_address
from shared.adapters.outward import Outward, networks
from shared.adapters.signing import private_key
from shared.domain.errors import SetupError, TransientError

log = logging.getLogger(__name__)

SERVICE = "compliance"
DESCRIPTION = (
    "Who breaks which clause of volume-based procurement, when, and when it was mended; "
    "with the evidence, the arithmetic and the history that let anybody check every answer."
)


TAGS = (
    "violations",
    "reviews",
    "cases",
    "statistics",
    "catalogue",
    "bulletins",
    "receipts",
    "webhooks",
    "operation",
)


class Timed:
    """ASGI middleware: times each answer, and reads the gauges before they are scraped."""

    def __init__(self, app: ASGIApp, gauges: ApiMetrics, database: Database) -> None:
        self._app = app
        self._gauges = gauges
        self._database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        if scope["path"] == "/metrics":
            await self._gauges.refresh(self._database)
        try:
            await self._app(scope, receive, send)
        finally:
            route = getattr(scope.get("route"), "path", http.OTHER)
            self._gauges.answer_seconds.labels(route).observe(time.perf_counter() - began)


def create_app(settings: Settings, policies: Policies) -> FastAPI:  # noqa: PLR0915  # one a part
    """Make the application; it connects to the database when first asked."""
    registry = metrics.begin(SERVICE)
    broker = BrokerWatch(settings.cluster(SERVICE))
    gauges = ApiMetrics(registry, policies, broker)
    database, desk = Database(settings.database), Desk(settings.database)
    identity = identifying(settings, settings.database)
    welcome: Welcome | None = None
    asked = settings.identity == "required"
    access = AccessLog(settings.database) if asked else None
    signing = signs_in(settings, settings.database, access)
    if signing is not None:
        identity = BySession(settings, signing.sessions, identity)
        welcome = sign_in.welcome_of(settings)
    changes = RecentChanges()
    follower = Follower(settings.cluster(SERVICE), changes)
    local = settings.identity == "local"
    outward = Outward(networks(settings.webhook_networks))

    hooks = Hooks(settings.database, settings.cluster(SERVICE), outward, local=local)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        kept = nullcontext() if access is None else access.running()
        async with database, desk, broker, follower, hooks, kept:
            try:
                await database.ready()
            except (SetupError, TransientError) as error:
                log.warning("nothing can be answered yet: %s", error)
            try:
                yield
            finally:
                await identity.close()

    app = http.create_app(
        SERVICE,
        registry,
        database.ready,
        title="Violations of volume-based procurement",
        description=DESCRIPTION,
        version="1",
        openapi_tags=[{"name": name} for name in TAGS],
        lifespan=lifespan,
    )
    key = _pack_key(settings.pack_key)
    doors = _doors(desk, policies, LetterWriter(key, policies))
    router = build_router(database, policies)
    add_reviews(router, database, doors.violations, policies)
    add_disputes(router, database, doors.violations)
    figures = Figures(settings.orders_url, settings.delivery_url, settings.key_file)
    renderer = Renderer(database, signs=key is not None)
    orders = Neighbour(settings.orders_url, settings.key_file)
    add_bulletins(router, database, figures, renderer, policies.jurisdictions)
    add_issuing(router, database, figures, settings.database, policies.jurisdictions)
    add_cases(router, database, doors.cases, policies)
    for add in (add_denominators, add_coverage, add_exemptions, add_exports):
        add(router, database, policies)
    add_receipts(router, database)
    add_webhooks(router, desk, outward, local=local)
    streams = Streams(changes, follower, registry)
    add_stream(router, streams)
    add_packs(router, database, policies, key)
    app.state.leaving = changes.close
    console = build_console(
        Sources(renderer, database, policies, figures, streams, desk, orders),
        doors,
        signing,
        local=local,
    )
    # Of a router that is included each route would be read twice: half of what all of this takes.
    app.router.routes += [*router.routes, *console.routes]
    problems.describe(app, schemas())
    rates = Rates(settings.requests_per_second) if asked else None
    refusing.show_refusals(app, renderer)
    guard(app, identity, Watch(refusing.welcome_of(renderer, welcome), rates, access))
    http.count_requests(app, SERVICE, registry)
    app.add_middleware(Timed, gauges=gauges, database=database)
    return app


def _doors(desk: Desk, policies: Policies, letters: LetterWriter) -> Doors:
    """Make that by which people act, with the days that practice gives."""
    deadlines = Deadlines(policies.table, practice.load())
    return Doors(Acting(desk, deadlines), CaseWork(desk, deadlines, letters))


def _pack_key(path: Path | None) -> Ed25519PrivateKey | None:
    """Read the key that packs are signed with, if any; raises SetupError that names the file."""
    remedy = "make one with `vbp pack key FILE`, and set VBP_PACK_KEY to that file"
    return None if path is None else private_key(path, "VBP_PACK_KEY", remedy)


def serve(settings: Settings) -> None:
    """Serve the API until the process is told to stop."""
    check_address(settings, settings.host)
    logs.configure(settings.log_level)
    app = create_app(settings, policy.load(calendars=settings.calendars))
    serving.serve(app, settings.host, settings.port)
