"""The vendor's console: `/vendor`."""
