"""The orders service as a process: its application, and how it is served."""

from fastapi import FastAPI

from services.orders.api import DESK
from services.orders.settings import Settings
from shared.door import app as reception


def create_app(settings: Settings, jurisdictions: frozenset[str]) -> FastAPI:
    """Make the application; `jurisdictions` are those that have a policy, others are refused."""
    return reception.create_app(DESK, settings, jurisdictions)


def serve(settings: Settings, jurisdictions: frozenset[str]) -> None:
    """Serve the application until it is told to stop."""
    reception.serve(create_app(settings, jurisdictions), settings)
