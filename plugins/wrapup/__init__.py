"""After-contact work."""
