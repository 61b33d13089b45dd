"""What an order contributes to the account of its hospital and distributor."""

from collections.abc import Mapping

from services.compliance.findings.finding import Missing
from services.compliance.judging.contributions.contribution import Contribution, Given
from services.compliance.judging.contributions.giver import Giver
from services.compliance.law.feeds import told_since
from services.compliance.law.owed import owed_for
from services.compliance.records.account import SUPPLY, Bill
from services.compliance.records.paid_order import Remittance
from shared.domain import calendar, ids


def give_bill(giver: Giver, paid: Mapping[str, Remittance]) -> list[Given]:
    """Give the claims of an order's receipts, with the payments of its hospital that name it."""
    if "owed" not in giver.takers or not giver.order.receipts:
        return []
    terms, placed = giver.terms, giver.terms.placed
    since = told_since(terms.in_force, "payments")
    if isinstance(since, Missing):
        accepted = any(receipt.accepted for receipt in giver.order.receipts.values())
        return giver.unjudged("owed", since) if accepted else []
    claims = owed_for(giver.order, terms, calendar.start_of(since.day))
    if not claims:
        return []
    own = [one.money for one in paid.values() if one.hospital == placed.hospital]
    bill = Bill(terms.order, tuple(claims), tuple(own))
    return [Contribution("account", ids.pair(placed.hospital, placed.distributor), SUPPLY, bill)]
