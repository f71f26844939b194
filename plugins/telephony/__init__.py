"""Voice: callers and agents talk through their browsers."""
