"""What the routes of webhooks answer with."""

from typing import Any

from msgspec import Struct


class WebhookShown(Struct, frozen=True):
    """A subscription; while its receiver fails nothing is tried before `paused_until`."""

    id: str
    url: str
    filter: dict[str, Any]
    created_at: str
    paused_until: str | None = None


class Webhooks(Struct, frozen=True):
    """One's subscriptions, the oldest first."""

    items: list[WebhookShown]


class WebhookSecret(Struct, frozen=True):
    """The secret that messages of a subscription are signed with, shown this once."""

    id: str
    secret: str


class DeliveryShown(Struct, frozen=True):
    """What became of a change: delivered, waiting to be tried at `due_at`, or given up."""

    id: int
    message: str
    state: str
    attempts: int
    created_at: str
    last_at: str | None
    status: int | None
    problem: str | None
    due_at: str | None
    delivered_at: str | None


class Deliveries(Struct, frozen=True):
    """What became of changes, the last first; `before` gives the page behind, if there is one."""

    items: list[DeliveryShown]
    before: int | None
