"""Interactions: their lifecycle, offers to agents, segments with wrap-up, and the journal."""
