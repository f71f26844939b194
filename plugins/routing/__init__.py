"""Brings waiting interactions and free agents together."""
