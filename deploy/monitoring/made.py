"""What is made by code: `python -m deploy.monitoring.made` writes it anew.

The runbook as a page of Prometheus, so that an alert's link opens, the rules as the resource that
the Prometheus operator reads, and Grafana's dashboards. A test compares them with their sources.
"""

import html
import re
import textwrap
from pathlib import Path

from deploy.monitoring.boards import BOARDS, written

DEPLOY = Path(__file__).parents[1]

_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>VBP: what to do when an alert fires</title>
<style>body{{max-width:50em;margin:2em auto;padding:0 1em;font:16px/1.5 sans-serif}}
code{{background:#eee;padding:0 .2em}}</style></head>
<body>
{body}
</body></html>
"""
_RULE = """\
# Made from deploy/prometheus/alerts.yml by `python -m deploy.monitoring.made`: change it there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: vbp
  labels:
    app.kubernetes.io/part-of: vbp
spec:
"""


def runbook(markdown: str) -> str:
    """Give the runbook as a page: headings with anchors, paragraphs, code, bold words, links."""
    blocks = (block.strip() for block in markdown.split("\n\n"))
    return _PAGE.format(body="\n".join(map(_block, filter(None, blocks))))


def _block(block: str) -> str:
    heading = re.fullmatch(r"(#+) (.+)", block)
    if heading is None:
        return f"<p>{_words(block)}</p>"
    level, title = len(heading[1]), heading[2]
    return f'<h{level} id="{title.lower()}">{_words(title)}</h{level}>'


def _words(text: str) -> str:
    text = html.escape(text, quote=False)
    text = re.sub(r"\[([^\]]+)\]\((#[^)]+)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"\*([^*]+)\*", r"<i>\1</i>", text)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)


def prometheus_rule(alerts: str) -> str:
    """Give the alert rules as a PrometheusRule."""
    groups = alerts[alerts.index("\ngroups:\n") + 1 :]
    return _RULE + textwrap.indent(groups, "  ")


def made() -> dict[Path, str]:
    """Give what every made file must hold."""
    prometheus = DEPLOY / "prometheus"
    alerts = (prometheus / "alerts.yml").read_text(encoding="utf-8")
    text = (prometheus / "RUNBOOK.md").read_text(encoding="utf-8")
    return {
        prometheus / "consoles" / "runbook.html": runbook(text),
        DEPLOY / "k8s" / "base" / "prometheus-rule.yaml": prometheus_rule(alerts),
        **{DEPLOY / "grafana/dashboards" / f"{one.name}.json": written(one) for one in BOARDS},
    }


if __name__ == "__main__":
    for path, content in made().items():
        path.write_text(content, encoding="utf-8")
