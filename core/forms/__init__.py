"""The form engine: one schema, one renderer, one validator, one store."""
