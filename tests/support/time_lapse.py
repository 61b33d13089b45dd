"""What Prometheus and Alertmanager are told, all its intervals shorter, and nothing else changed.

An alert that takes a minute and a half by its intervals takes a quarter of that; what it must see,
and in which order, stays. So a limit set for the real intervals is shortened by what they lose.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from tests.support import yaml_texts
from tests.support.deployment import DEPLOY, alerts, prometheus

TIMES = 4
"""How many times shorter an interval is."""

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_INTERVAL = re.compile(r"(?<=[\[ ])(\d+)([smhd])(?=[\]\s)])")
_TEXTS = (
    "prometheus/prometheus.yml",
    "prometheus/alerts.yml",
    "alertmanager/alertmanager.yml",
)


def lapsed(folder: Path) -> Path:
    """Copy the texts into a folder with their intervals shortened; gives the folder."""
    for name in ("prometheus", "alertmanager"):
        shutil.copytree(DEPLOY / name, folder / name)
    for name in _TEXTS:
        path = folder / name
        path.write_text(shortened(path.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def shortened(text: str) -> str:
    """Shorten the intervals in a text; a scrape may take as long as its interval, its default."""
    text = re.sub(r"^  scrape_timeout: .*\n", "", text, flags=re.MULTILINE)
    return _INTERVAL.sub(lambda found: f"{seconds(found[0]) * 1_000 // TIMES:.0f}ms", text)


def seconds(interval: str) -> int:
    """Read an interval as Prometheus writes it."""
    return int(interval[:-1]) * SECONDS[interval[-1]]


def longest_way(alert: str, *, again: bool = False) -> int:
    """Give the seconds that the real intervals take from what happens to who is told of it.

    With `again` where its group was told of something else just now.
    """
    (rule,) = (rule for rule in alerts() if rule["alert"] == alert)
    told = prometheus()["global"]
    waits = [told["scrape_interval"], told["evaluation_interval"], rule.get("for", "0s")]
    text = (DEPLOY / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    labels = {"alertname": alert, **rule["labels"]}
    routes = yaml_texts.read(text)["route"]["routes"]
    route = next(route for route in routes if _takes(route["matchers"], labels))
    waits.append(route["group_interval" if again else "group_wait"])
    return sum(map(seconds, waits))


def lost(alert: str, *, again: bool = False) -> float:
    """Give the seconds by which that way is shorter here."""
    return longest_way(alert, again=again) * (1 - 1 / TIMES)


def _takes(matchers: list[str], labels: dict[str, Any]) -> bool:
    for matcher in matchers:
        name, how, wanted = re.fullmatch(r'(\w+) (=~?) "([^"]*)"', matcher).groups()  # type: ignore[union-attr]
        if not re.fullmatch(wanted if how == "=~" else re.escape(wanted), labels[name]):
            return False
    return True
