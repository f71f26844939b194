"""The ledger of all that is owed at a time."""
