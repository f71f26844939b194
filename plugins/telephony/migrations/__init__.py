"""Migrations of telephony."""
