"""Writes down what the planted conduct of one order, or of several, amounts to."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from services.sources.province.story import Story
from services.sources.province.terms import TERMS
from services.sources.province.truth import Seen, instant_text
from services.sources.province.world import Cell, World
from shared.domain.ids import pair


class StockOut(NamedTuple):
    """An order that found the shelf empty, and when."""

    at: datetime
    story: Story


def late_response(
    world: World, story: Story, response: datetime | None, cured: datetime | None = None
) -> None:
    """Plant: answered after the deadline, or never; a cancellation may have cured it first."""
    due = story.response
    seen = Seen(
        occurred=due.at,
        cured=cured or response,
        observed=None if response is None else instant_text(response),
        limit=instant_text(due.at),
        severity="breach" if due.own else "warning",
        basis="agreement" if due.own else None,
    )
    world.truth.plant("late-response", story.order, "response", story.keys, seen, story.evidence)


def late_delivery(world: World, story: Story, there: int, cured: datetime | None) -> None:
    """Plant: at the deadline only `there` was there."""
    due = story.delivery
    seen = Seen(
        occurred=due.at,
        cured=cured,
        observed=there,
        limit=story.quantity,
        severity="breach" if due.own else "warning",
        basis="agreement" if due.own else None,
    )
    world.truth.plant("late-delivery", story.order, "delivery", story.keys, seen, story.evidence)


def refused(world: World, story: Story, at: datetime, reason: str, *, beyond: bool = False) -> None:
    """Plant: the supplier refused, within or beyond the agreed volume."""
    rule = "beyond-volume-supply" if beyond else "supply-refusal"
    breach = "refused" if beyond else None
    seen = Seen(at, at, reason, None, "breach", breach=breach)
    world.truth.plant(rule, story.order, "refused", story.keys, seen, story.evidence)


def overpriced(  # noqa: PLR0913  # an invoice has its own number, price and instant
    world: World,
    story: Story,
    at: datetime,
    price: str,
    invoice: str | None = None,
    *,
    beyond: bool = False,
) -> None:
    """Plant: the order's or an invoice's price was above the selected one."""
    rule = "beyond-volume-supply" if beyond else "selected-price"
    breach = "overpriced" if beyond else None
    seen = Seen(at, at, price, story.selected_price, "breach", breach=breach)
    anchor = "overpriced" if invoice is None else f"overpriced:{invoice}"
    world.truth.plant(rule, story.order, anchor, story.keys, seen, story.evidence)


def undelivered(world: World, story: Story, cured: datetime | None) -> None:
    """Plant: beyond the volume, nothing was accepted within days of the deadline."""
    at = story.delivery.at + TERMS.stock_out_after
    seen = Seen(at, cured, 0, story.quantity, "warning", "assumption", "undelivered")
    world.truth.plant(
        "beyond-volume-supply", story.order, "undelivered", story.keys, seen, story.evidence
    )


def shortage(world: World, cell: Cell, stock_outs: list[StockOut]) -> None:
    """Plant: one episode of stock-outs, less than the gap apart, that nobody reported."""
    stock_outs = sorted(stock_outs, key=lambda stock_out: stock_out.at)
    first, last = stock_outs[0].at, stock_outs[-1].at
    hit = {
        "orders": len(stock_outs),
        "hospitals": len({stock_out.story.hospital.code for stock_out in stock_outs}),
    }
    grace = int(TERMS.report_grace.total_seconds() // 3600)
    subject = pair(cell.product.code, cell.area)
    world.truth.plant(
        "unreported-shortage",
        subject,
        instant_text(first),
        {
            "product": cell.product.code,
            "area": cell.area,
            "manufacturer": cell.product.manufacturer,
        },
        Seen(first, last + TERMS.episode_gap, hit, grace, "warning"),
        [told for stock_out in stock_outs for told in stock_out.story.evidence],
    )


def above(price: str, share: str = "0.15") -> str:
    """Raise a price, to the cent at least."""
    raised = Decimal(price) * (1 + Decimal(share)) + Decimal("0.01")
    return str(raised.quantize(Decimal("0.01")))
