"""The 22 rules of the second half, read a second time; one function a rule."""

from collections.abc import Callable, Iterator

from tests.support.oracle.facts import World
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest import (
    agreement_missing,
    agreement_terms,
    deliveries,
    late_onward_payment,
    late_settlement,
    listing_price,
    non_selected,
    off_platform,
    payment_standard,
    prepayment_return,
    prepayment_share,
    prepayment_use,
    renewal_date,
    stocks,
    unappointed_distributor,
    volumes,
)

THE_REST: dict[str, Callable[[World], Iterator[Finding]]] = {
    "unappointed-distributor": unappointed_distributor.find,
    "agreement-missing": agreement_missing.find,
    "agreement-terms": agreement_terms.find,
    "renewal-date": renewal_date.find,
    "volume-shortfall": volumes.find_shortfalls,
    "volume-pace": volumes.find_pace,
    "non-selected-excess": non_selected.find_excess,
    "non-selected-first": non_selected.find_first,
    "off-platform": off_platform.find,
    "listing-price": listing_price.find,
    "payment-standard": payment_standard.find,
    "prepayment-share": prepayment_share.find,
    "prepayment-return": prepayment_return.find,
    "prepayment-use": prepayment_use.find,
    "late-settlement": late_settlement.find,
    "late-onward-payment": late_onward_payment.find,
    "short-delivery": deliveries.find_short,
    "remote-service": deliveries.find_remote,
    "stock-report-missing": stocks.find_missing,
    "reserve-below": stocks.find_below,
    "stop-notice-late": stocks.find_late_notices,
    "quality-rejection": deliveries.find_quality,
}
