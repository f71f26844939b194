"""Telephony keeps what every plugin promises."""

from __future__ import annotations

from typing import ClassVar

from switchroom.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "telephony"
    # What customers hold is no id: the secret of a call that there is not.
    path_values: ClassVar = {"token": "no-call-has-this-secret"}
