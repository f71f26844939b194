"""Imports what is not there."""

import nothing_of_that_name  # type: ignore[import-not-found]

plugin = nothing_of_that_name.Plugin()
