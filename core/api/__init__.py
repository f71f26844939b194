"""The JSON API: what pages do, for programs."""
