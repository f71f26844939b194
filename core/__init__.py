"""The private implementation of Switchroom: nothing outside `core` and `switchroom` imports it."""
