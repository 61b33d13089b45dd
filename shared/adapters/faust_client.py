"""How Faust's own clients are let in by the brokers."""

import faust

from shared.adapters.cluster import Cluster


def credentials(cluster: Cluster) -> faust.SASLCredentials | None:
    """Give by what Faust's producer, which it starts whether it is used or not, is let in."""
    told = cluster.security()
    if not told:
        return None
    return faust.SASLCredentials(
        username=told["sasl_plain_username"],
        password=told["sasl_plain_password"],
        ssl_context=told["ssl_context"],
        mechanism=told["sasl_mechanism"],
    )
