"""Where each process listens unless it is told otherwise."""

PORTS = {"orders": 8001, "delivery": 8002, "compliance": 8003, "worker": 9003}
"""The HTTP port of each service, and of the worker, which serves its metrics and its health."""

TALLY_PORTS = {"orders": 9001, "delivery": 9002}
"""The ports at which the workers that tally tell metrics and health."""
