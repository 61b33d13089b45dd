"""Writes docs/roles.md anew: which role may ask which route of which service."""

import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from services.compliance.policies.policy import load
from services.compliance.settings import Settings
from services.compliance.web import app as compliance
from services.delivery import app as delivery
from services.delivery.settings import Settings as DeliverySettings
from services.orders import app as orders
from services.orders.settings import Settings as OrdersSettings
from shared.adapters.identity.roles import declared
from shared.domain.principal import Role

FILE = Path("docs/roles.md")

_HEAD = """# Who may ask what

Written by `make documents` from the routes themselves, each of which says whom it admits. `+`: the
role is admitted, and sees or tells what is its own; `open`: nobody is asked who they are.

What an officer grants at `POST /exemptions/new` is told at `POST /v1/events` of orders by the key
in `VBP_KEY_FILE`, which needs the role publisher and the source `/console` (security.md).

"""

_ISSUER: dict[str, Any] = {
    "token_issuer": "https://issuer.example",
    "token_audience": "vbp",
    "token_keys": "https://issuer.example/keys",
    "sign_in_url": "https://vbp.example",
    "sign_in_client": "vbp-console",
    "sign_in_discovery": "https://issuer.example/openid-configuration",
}
"""Where people sign in there are routes by which they do."""


def applications() -> dict[str, FastAPI]:
    """Make the application of each service; none of them connects to anything yet."""
    known = load()
    return {
        "orders": orders.create_app(OrdersSettings(), known.jurisdictions),
        "delivery": delivery.create_app(DeliverySettings(), known.jurisdictions),
        "compliance": compliance.create_app(Settings(identity="required", **_ISSUER), known),
    }


def text() -> str:
    """Give the whole document."""
    roles = "".join(f"| {role.value} | {role.zh} | {role.en} |\n" for role in Role)
    return (
        _HEAD
        + "| role | 中文 | what for |\n|---|---|---|\n"
        + roles
        + "".join(f"\n## {name}\n\n{_table(app)}" for name, app in applications().items())
    )


def _table(app: FastAPI) -> str:
    lines = [["route", *(role.value for role in Role)], ["---", *(":-:" for _ in Role)]]
    for method, path, admitted in sorted(declared(app), key=lambda route: route[1::-1]):
        marks = (
            ["+" if role in admitted else "" for role in Role]
            if admitted
            else ["open" for _ in Role]
        )
        lines.append([f"`{method} {path}`", *marks])
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def main() -> None:
    """Write the document."""
    FILE.write_text(text(), "utf-8")
    sys.stdout.write(f"{FILE}\n")


if __name__ == "__main__":
    main()
