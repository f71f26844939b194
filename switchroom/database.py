"""Transactions, and SQL by hand where the ORM is too slow or too weak. Hand-written SQL must name the tenant."""

from core.database.connection import copy_rows, execute, fetch, fetch_row, fetch_value
from core.database.transaction import after_commit, transaction

__all__ = ["after_commit", "copy_rows", "execute", "fetch", "fetch_row", "fetch_value", "transaction"]
