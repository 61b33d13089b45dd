"""Subscriptions of machines to changes, over HTTP: made, listed, ended, and what became of them."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

import msgspec
import pydantic
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field

from services.compliance.answers.filters import Filters
from services.compliance.answers.shapes import ok
from services.compliance.answers.webhook_shapes import (
    Deliveries,
    DeliveryShown,
    Webhooks,
    WebhookSecret,
    WebhookShown,
)
from services.compliance.storage import webhooks
from services.compliance.storage.desk import Desk
from services.compliance.web.admitted import SEEN
from services.compliance.web.bodies import Body, body_of, read_body
from services.compliance.web.stream import FILTERS
from shared.adapters.answering import answered, only
from shared.adapters.identity.roles import Asker
from shared.adapters.outward import Outward, RefusedAddressError
from shared.adapters.problems import ProblemError, problems
from shared.domain import standard_webhooks
from shared.domain.calendar import instant_text
from shared.domain.principal import Principal

PAGE: Final = 100
_LAST: Final = 2**63 - 1

Number = Annotated[int, Path(ge=1, le=_LAST)]


class WebhookBody(Body):
    """Where changes are told, and of which violations: filters as of the list of changes."""

    url: str = Field(max_length=2_000)
    filter: dict[str, Any] = Field({}, max_length=len(FILTERS))


def add_webhooks(router: APIRouter, desk: Desk, outward: Outward, *, local: bool) -> None:
    """Add the routes; where nobody is asked who they are (`local`), people may subscribe too."""

    @router.post(
        "/v1/webhooks",
        tags=["webhooks"],
        summary="Have changes told to an address",
        dependencies=[SEEN, only()],
        openapi_extra=body_of(WebhookBody),
        responses=ok(WebhookSecret) | problems(400, 403, 409, 413, 415, 422, 503),
    )
    async def subscribe(request: Request, asker: Asker) -> Response:
        """Tell changes from now on; the secret that signs them is shown in this answer alone."""
        subject = _subscriber(asker, local=local)
        wanted = await read_body(request, WebhookBody)
        try:
            outward.check(wanted.url)
        except RefusedAddressError as error:
            raise ProblemError(422, "address", str(error)) from error
        check_filters(wanted.filter)
        secret, identity = secrets.token_bytes(32), uuid4()
        now = datetime.now(UTC)
        async with desk.writing() as connection:
            made = await webhooks.create(
                connection, identity, subject, wanted.url, wanted.filter, secret, now
            )
        if not made:
            detail = f"{subject} has {webhooks.MOST_OF_ONE} subscriptions. End one of them first"
            raise ProblemError(409, "too-many", detail)
        return answered(WebhookSecret(str(identity), standard_webhooks.shown(secret)))

    @router.get(
        "/v1/webhooks",
        tags=["webhooks"],
        summary="One's subscriptions",
        dependencies=[SEEN, only()],
        responses=ok(Webhooks) | problems(400, 503),
    )
    async def list_webhooks(asker: Asker) -> Response:
        """List what the holder of this key has subscribed to."""
        async with desk.lent() as connection:
            rows = await webhooks.of(connection, asker.subject)
        return answered(
            Webhooks(
                [
                    WebhookShown(
                        str(row["id"]),
                        row["url"],
                        msgspec.json.decode(row["filter"]),
                        instant_text(row["created_at"]),
                        _text(row["paused_until"]),
                    )
                    for row in rows
                ]
            )
        )

    @router.delete(
        "/v1/webhooks/{webhook}",
        tags=["webhooks"],
        summary="End a subscription",
        dependencies=[SEEN, only()],
        status_code=204,
        response_class=Response,
        responses=problems(400, 404, 422, 503),
    )
    async def end(webhook: UUID, asker: Asker) -> Response:
        """Tell no more, not even what waits."""
        async with desk.writing() as connection:
            found = await webhooks.end(connection, webhook, asker.subject, datetime.now(UTC))
        _check(webhook, found=found)
        return Response(status_code=204)

    @router.post(
        "/v1/webhooks/{webhook}/secret",
        tags=["webhooks"],
        summary="Another secret",
        dependencies=[SEEN, only()],
        responses=ok(WebhookSecret) | problems(400, 404, 422, 503),
    )
    async def renew(webhook: UUID, asker: Asker) -> Response:
        """Sign with another secret, shown this once; for a day with the former one as well."""
        secret, now = secrets.token_bytes(32), datetime.now(UTC)
        async with desk.writing() as connection:
            found = await webhooks.renew(connection, webhook, asker.subject, secret, now)
        _check(webhook, found=found)
        return answered(WebhookSecret(str(webhook), standard_webhooks.shown(secret)))

    @router.get(
        "/v1/webhooks/{webhook}/deliveries",
        tags=["webhooks"],
        summary="What became of changes",
        dependencies=[SEEN, only("before")],
        responses=ok(Deliveries) | problems(400, 404, 422, 503),
    )
    async def log(
        webhook: UUID,
        asker: Asker,
        before: Annotated[int, Query(ge=1, le=_LAST)] = _LAST,
    ) -> Response:
        """List the last ones of 30 days; `before` is a number, as the page before says it."""
        async with desk.lent() as connection:
            found = await webhooks.belongs(connection, webhook, asker.subject)
            rows = await webhooks.log(connection, webhook, asker.subject, before, PAGE + 1)
        _check(webhook, found=found)
        shown = [_delivery(row) for row in rows[:PAGE]]
        return answered(Deliveries(shown, shown[-1].id if len(rows) > PAGE else None))

    @router.post(
        "/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver",
        tags=["webhooks"],
        summary="Tell one again",
        dependencies=[SEEN, only()],
        status_code=204,
        response_class=Response,
        responses=problems(400, 404, 422, 503),
    )
    async def redeliver(webhook: UUID, delivery: Number, asker: Asker) -> Response:
        """Try it anew, under the same id, for a day."""
        now = datetime.now(UTC)
        async with desk.writing() as connection:
            found = await webhooks.again(connection, webhook, asker.subject, delivery, now)
        _check(webhook, found=found)
        return Response(status_code=204)


def check_filters(told: dict[str, Any]) -> None:
    """Raise ProblemError or RequestValidationError for what is no filter of changes."""
    if unknown := sorted(told.keys() - set(FILTERS)):
        detail = f"filter: {', '.join(unknown)}: no such filter here. Known are: "
        raise ProblemError(422, "unknown-filter", detail + ", ".join(FILTERS))
    try:
        Filters.model_validate(told)
    except pydantic.ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise RequestValidationError(found) from error


def _subscriber(asker: Principal, *, local: bool) -> str:
    """Give whose a subscription is: of machines, whose rights are found anew by their keys."""
    if not local and not asker.subject.startswith("key:"):
        detail = "Changes are told to machines: subscribe with an API key (vbp keys create)"
        raise ProblemError(403, "no-key", detail)
    return asker.subject


def _check(webhook: UUID, *, found: bool) -> None:
    if not found:
        detail = f"{webhook}: no such subscription of yours, or nothing such of it"
        raise ProblemError(404, "not-found", f"{detail}. GET /v1/webhooks lists yours")


def _delivery(row: Any) -> DeliveryShown:
    if row["due_at"] is not None:
        state = "waiting"
    else:
        state = "delivered" if row["problem"] is None else "given-up"
    return DeliveryShown(
        row["id"],
        row["message"],
        state,
        row["attempts"],
        instant_text(row["created_at"]),
        _text(row["last_at"]),
        row["status"],
        row["problem"],
        _text(row["due_at"]),
        _text(row["delivered_at"]),
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)
