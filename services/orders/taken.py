"""The events that the purchasing side tells, whichever door it comes to."""

from shared.domain.topics import FUNDS, ORDERS, REGISTER

TAKEN = frozenset({*REGISTER.events, *ORDERS.events, *FUNDS.events})
