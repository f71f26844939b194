"""For tests of plugins: an installation on a real database, people, time, and a contract that every plugin keeps.

The fixtures are a pytest plugin of their own, `switchroom.testing.fixtures`, which is there wherever Switchroom is
installed with `switchroom[testing]`. See the guide *Testing a plugin*.
"""

from switchroom.testing.app import App, make_settings, open_app
from switchroom.testing.hooks import Fault, HookCall, HookTap
from switchroom.testing.jobs import Clock, Jobs
from switchroom.testing.people import (
    PASSWORD,
    Agent,
    Client,
    Person,
    add_agent,
    add_person,
    add_person_who_may,
)

__all__ = [
    "PASSWORD",
    "Agent",
    "App",
    "Client",
    "Clock",
    "Fault",
    "HookCall",
    "HookTap",
    "Jobs",
    "Person",
    "add_agent",
    "add_person",
    "add_person_who_may",
    "make_settings",
    "open_app",
]
