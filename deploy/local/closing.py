"""Has the broker of a closed stack keep to what is allowed, whenever it starts."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.state import read_state
from shared.adapters import bus
from shared.adapters.cluster import Cluster
from shared.domain.errors import VbpError
from shared.domain.permits import ADMIN


def keep_to_permits(data: Path) -> None:
    """Bring the ACLs of the stack that runs on `data` to what this version allows, if any."""
    running = read_state(data)
    if running is None or running.secrets is None:
        return
    cluster = Cluster(running.kafka, ADMIN, running.secrets)
    # In a thread of its own, for who starts a stack may be in an event loop already.
    with ThreadPoolExecutor(1) as aside:
        try:
            aside.submit(lambda: asyncio.run(bus.apply(cluster))).result()
        except VbpError as error:
            raise StackError(f"the broker does not take what is allowed: {error}") from error
