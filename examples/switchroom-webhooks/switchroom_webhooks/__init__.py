"""Signed webhooks: tells other programs what happens to interactions and agents."""
