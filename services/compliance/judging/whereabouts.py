"""Where records stand: what a change of the register finds each kind of them by."""

from services.compliance.judging.subjects import Columns
from services.compliance.records.account import SUPPLY
from shared.domain import ids


def of_hospital(key: str) -> Columns:
    """Give the columns of a record of a hospital."""
    return Columns(None, key)


def of_account(key: str) -> Columns:
    """Give the columns of an account, which may be of many products."""
    leg, between = ids.parts(key)
    return Columns(None, ids.parts(between)[0] if leg == SUPPLY else None)


def of_statement(key: str) -> Columns:
    """Give the columns of a statement."""
    return of_account(account_of(key))


def account_of(statement: str) -> str:
    """Give the key of the account that a statement, named by its key, is of."""
    return ids.parts(statement)[0]


def payer_of(account: str) -> str:
    """Give the payer of an account, by its key."""
    _, between = ids.parts(account)
    return ids.parts(between)[0]


def between(key: str) -> Columns:
    """Give the columns of a record between a hospital and a product."""
    hospital, product = ids.parts(key)
    return Columns(product, hospital)


def of_variety(key: str) -> Columns:
    """Give the columns of a record of a hospital and a variety, in the place of a product."""
    hospital, variety = ids.parts(key)
    return Columns(ids.pair("variety", variety), hospital)
