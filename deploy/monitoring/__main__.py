"""`make alerts`: Prometheus and Alertmanager beside the services that run on this machine."""

import sys
import time
from pathlib import Path

from deploy.local.errors import StackError
from deploy.monitoring.beside import Monitoring
from shared.adapters.addresses import PORTS

DATA = Path(".vbp/monitoring")
LOOK_SECONDS = 1.0


def main() -> int:
    """Run both until Ctrl-C; gives the exit code."""
    ports = {f"compliance-{name}" if name == "worker" else name: at for name, at in PORTS.items()}
    targets = {job: f"localhost:{port}" for job, port in ports.items()}
    try:
        with Monitoring(DATA, targets) as running:
            _say(f"Prometheus {running.prometheus}/alerts, Alertmanager {running.alertmanager}")
            _say("Scraped: " + ", ".join(f"{job} at {at}" for job, at in targets.items()))
            _say("VBP_OFFICERS_WEBHOOK=URL and VBP_OPERATORS_WEBHOOK=URL have alerts posted there")
            _say("Ctrl-C ends both")
            while True:
                running.check()
                time.sleep(LOOK_SECONDS)
    except StackError as error:
        sys.stderr.write(f"make alerts: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
