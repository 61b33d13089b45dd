"""The rules, one file each, by the record they read.

A new rule is a file here, its import and a line below, and its cases in tests/; `make rule` lays
them out.
"""

from services.compliance.findings.rule import Rule
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.funding_terms import FundingTerms
from services.compliance.law.order_terms import OrderTerms
from services.compliance.law.prepayment_terms import PrepaymentTerms
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.usage_terms import UsageTerms
from services.compliance.records.appointments import Appointments
from services.compliance.records.commitment import Commitment
from services.compliance.records.funding import Funding
from services.compliance.records.prepayment import Prepayment
from services.compliance.records.statement import Statement
from services.compliance.records.supply import Supply
from services.compliance.records.usage import Usage
from services.compliance.rules import (
    agreement_missing,
    agreement_terms,
    beyond_volume_supply,
    coverage_gap,
    distributor_cap,
    late_delivery,
    late_onward_payment,
    late_response,
    late_settlement,
    listing_price,
    non_selected_excess,
    non_selected_first,
    off_platform,
    payment_standard,
    prepayment_return,
    prepayment_share,
    prepayment_use,
    quality_rejection,
    remote_service,
    renewal_date,
    reserve_below,
    selected_price,
    short_delivery,
    stock_report_missing,
    stop_notice_late,
    supply_refusal,
    unappointed_distributor,
    unreported_shortage,
    volume_pace,
    volume_shortfall,
)
from shared.domain.records.order import Order
from shared.domain.records.record import ProductEntry

ON_APPOINTMENTS: tuple[Rule[Appointments, ProductTerms], ...] = (
    distributor_cap.RULE,
    coverage_gap.RULE,
)
ON_ORDERS: tuple[Rule[Order, OrderTerms], ...] = (
    late_response.RULE,
    late_delivery.RULE,
    unappointed_distributor.RULE,
    off_platform.RULE,
)
ON_COMMITMENTS: tuple[Rule[Commitment, CommitmentTerms], ...] = (
    beyond_volume_supply.RULE,
    supply_refusal.RULE,
    selected_price.RULE,
    agreement_missing.RULE,
    agreement_terms.RULE,
    volume_shortfall.RULE,
    volume_pace.RULE,
)
ON_SUPPLY: tuple[Rule[Supply, ProductTerms], ...] = (
    unreported_shortage.RULE,
    short_delivery.RULE,
    remote_service.RULE,
    stock_report_missing.RULE,
    reserve_below.RULE,
    stop_notice_late.RULE,
    quality_rejection.RULE,
)
ON_USAGES: tuple[Rule[Usage, UsageTerms], ...] = (
    non_selected_excess.RULE,
    non_selected_first.RULE,
)
ON_PRODUCTS: tuple[Rule[ProductEntry, ProductTerms], ...] = (
    listing_price.RULE,
    payment_standard.RULE,
    renewal_date.RULE,
)

ON_STATEMENTS: tuple[Rule[Statement, AccountTerms], ...] = (
    late_settlement.RULE,
    late_onward_payment.RULE,
    prepayment_use.RULE,
)
ON_PREPAYMENTS: tuple[Rule[Prepayment, PrepaymentTerms], ...] = (prepayment_return.RULE,)
ON_FUNDING: tuple[Rule[Funding, FundingTerms], ...] = (prepayment_share.RULE,)

RULES: tuple[Rule, ...] = (
    *ON_APPOINTMENTS,
    *ON_ORDERS,
    *ON_COMMITMENTS,
    *ON_SUPPLY,
    *ON_USAGES,
    *ON_PRODUCTS,
    *ON_STATEMENTS,
    *ON_PREPAYMENTS,
    *ON_FUNDING,
)
"""All rules, in the order in which the catalogue shows them."""
