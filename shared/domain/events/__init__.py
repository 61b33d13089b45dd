"""What is said on the bus: the data of every event, as `events.md` fixes it.

One class an event, named as a past fact, one module a topic; the docstring says what it means.
Unknown fields are ignored, an optional field may be absent or null. `cloudevents.py` holds the
envelope.
"""

from shared.domain.events.deliveries import (
    DeliveryReceived,
    DeliveryVoided,
    GoodsReturned,
    InvoiceIssued,
    ShipmentDispatched,
)
from shared.domain.events.fields import Code, EventData, Source
from shared.domain.events.funds import (
    PaymentMade,
    PaymentVoided,
    PrepaymentMade,
    PrepaymentReturned,
    PrepaymentVoided,
)
from shared.domain.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderPlaced,
    OrderRejected,
    OrderVoided,
)
from shared.domain.events.register import (
    AgreementSigned,
    ExemptionGranted,
    HospitalEnrolled,
    HospitalWithdrawn,
    PartyRegistered,
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
    StockVoided,
)

__all__ = [
    "AgreementSigned",
    "Code",
    "DeliveryReceived",
    "DeliveryVoided",
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
    "OrderVoided",
    "PartyRegistered",
    "PaymentMade",
    "PaymentVoided",
    "PrepaymentMade",
    "PrepaymentReturned",
    "PrepaymentVoided",
    "PriceListed",
    "ProductDeselected",
    "ProductListed",
    "ProductSelected",
    "ProductionStopping",
    "ShipmentDispatched",
    "ShortageEnded",
    "ShortageReported",
    "Source",
    "StandardSet",
    "StockReported",
    "StockVoided",
]
