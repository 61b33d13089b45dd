"""What is said on the bus: the data of every event, as `events.md` fixes it.

One class an event, named as a past fact, one module a topic; the docstring says what it means.
Unknown fields are ignored, an optional field may be absent or null. `cloudevents.py` holds the
envelope.
"""

from shared.domain.events.deliveries import (
    DeliveryReceived,
    GoodsReturned,
    InvoiceIssued,
    ShipmentDispatched,
)
from shared.domain.events.fields import Code, EventData
from shared.domain.events.funds import PaymentMade, PrepaymentMade, PrepaymentReturned
from shared.domain.events.orders import OrderAccepted, OrderCancelled, OrderPlaced, OrderRejected
from shared.domain.events.register import (
    AgreementSigned,
    ExemptionGranted,
    HospitalEnrolled,
    HospitalWithdrawn,
    PriceListed,
    ProductDeselected,
    ProductListed,
    ProductSelected,
    StandardSet,
)
from shared.domain.events.supply import (
    DistributorAppointed,
    DistributorReleased,
    ProductionStopping,
    ShortageEnded,
    ShortageReported,
    StockReported,
)

__all__ = [
    "AgreementSigned",
    "Code",
    "DeliveryReceived",
    "DistributorAppointed",
    "DistributorReleased",
    "EventData",
    "ExemptionGranted",
    "GoodsReturned",
    "HospitalEnrolled",
    "HospitalWithdrawn",
    "InvoiceIssued",
    "OrderAccepted",
    "OrderCancelled",
    "OrderPlaced",
    "OrderRejected",
    "PaymentMade",
    "PrepaymentMade",
    "PrepaymentReturned",
    "PriceListed",
    "ProductDeselected",
    "ProductListed",
    "ProductSelected",
    "ProductionStopping",
    "ShipmentDispatched",
    "ShortageEnded",
    "ShortageReported",
    "StandardSet",
    "StockReported",
]
