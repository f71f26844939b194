"""The pages on which administrators build forms."""
