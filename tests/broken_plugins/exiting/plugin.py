"""Ends the process that imports it, as a careless library does."""

import sys

sys.exit("exiting: a license key is missing")
