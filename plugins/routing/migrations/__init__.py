"""Migrations of routing."""
