"""Checks of a finished plugin: each module looks at one thing and gives findings."""
