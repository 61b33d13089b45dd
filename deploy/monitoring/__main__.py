"""`make alerts`: Prometheus and Alertmanager beside the services that run on this machine."""

import argparse
import signal
import sys
import time
from pathlib import Path

from deploy.local.errors import StackError
from deploy.monitoring.beside import PORTS as DEFAULT
from deploy.monitoring.beside import Monitoring, Ports
from shared.adapters.addresses import PORTS, TALLY_PORTS

LOOK_SECONDS = 1.0


def main() -> int:
    """Run both until they are told to stop; gives the exit code."""
    told = _arguments()
    ports = {f"compliance-{name}" if name == "worker" else name: at for name, at in PORTS.items()}
    ports |= {f"{name}-worker": at for name, at in TALLY_PORTS.items()}
    targets = {job: f"localhost:{port}" for job, port in ports.items()}
    # A kind word to end is heeded as Ctrl-C is: both programs end before this one does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Monitoring(told.data, targets, Ports(told.prometheus, told.alertmanager)) as running:
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make alerts", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".vbp/monitoring"), help="what they keep")
    parser.add_argument("--prometheus", type=int, default=DEFAULT.prometheus, metavar="PORT")
    parser.add_argument("--alertmanager", type=int, default=DEFAULT.alertmanager, metavar="PORT")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
