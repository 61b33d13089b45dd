"""The events that the supply side tells, whichever door it comes to."""

from shared.domain.topics import DELIVERIES, SUPPLY

ANSWERS = frozenset({"vbp.order.accepted.v1", "vbp.order.rejected.v1", "vbp.order.voided.v1"})
"""Distributors answer orders here, and take a wrong answer back; both travel with the orders."""

TAKEN = frozenset({*DELIVERIES.events, *SUPPLY.events, *ANSWERS})
