"""The orders service as a process: its application, and how it is served."""

from fastapi import FastAPI

from services.orders.answers import MIGRATIONS, SHAPES, add_routes
from services.orders.api import DOOR
from services.orders.settings import Settings
from shared.adapters.tenancy import Database
from shared.door.app import Answers, create_door, serve_door


def create_app(settings: Settings, jurisdictions: frozenset[str]) -> FastAPI:
    """Make the application; `jurisdictions` are those that have a policy, others are refused."""
    database = Database(settings.database, "orders", MIGRATIONS)
    return create_door(DOOR, settings, jurisdictions, Answers(database, add_routes, SHAPES))


def serve(settings: Settings, jurisdictions: frozenset[str]) -> None:
    """Serve the application until it is told to stop."""
    serve_door(create_app(settings, jurisdictions), settings)
