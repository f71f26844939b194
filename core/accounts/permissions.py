"""Roles and what they allow: declared by core and by plugins, computed for the tenant's enabled plugins, never stored.

Only a tenant's own roles store a list, of names that hold as long as somebody declares them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.locale import mark as _

ADMINISTRATOR = "administrator"
SUPERVISOR = "supervisor"
AGENT = "agent"
KB_READER = "kb_reader"

BUILT_IN_ROLES = {
    ADMINISTRATOR: _("Administrator"),
    SUPERVISOR: _("Supervisor"),
    AGENT: _("Agent"),
    KB_READER: _("Knowledge base reader"),
}
"""The roles that every tenant has, by key."""

HANDLE_INTERACTIONS = "core.handle_interactions"
SEE_OWN_JOURNAL = "core.see_own_journal"
MANAGE_USERS = "core.manage_users"

SIGNED_IN = "signed_in"
"""Stands where a permission stands, for a page that everybody who is logged in may open."""


@dataclass(frozen=True)
class Permission:
    """A named right.

    Attributes:
        name: `<plugin>.<what>`, such as `telephony.take_calls`.
        title: What the right allows, for the administrator.
        roles: Keys of the built-in roles that carry it from the start.
    """

    name: str
    title: str
    roles: tuple[str, ...] = ()


CORE_PERMISSIONS = (
    Permission(HANDLE_INTERACTIONS, _("Take and make calls"), (AGENT, SUPERVISOR)),
    Permission(SEE_OWN_JOURNAL, _("See one's own calls of the day"), (AGENT, SUPERVISOR)),
    Permission(MANAGE_USERS, _("Create, find and change users"), (ADMINISTRATOR,)),
)


class Permissions:
    """All rights that there are in one application instance.

    Args:
        declared: The permissions of each plugin, by its name; those of core are added.
    """

    def __init__(self, declared: Mapping[str, Iterable[Permission]]) -> None:
        self._declared = {"core": CORE_PERMISSIONS, **{name: tuple(items) for name, items in declared.items()}}

    def known(self, enabled: Collection[str]) -> list[Permission]:
        """What can be granted in a tenant with these plugins."""
        return [item for name, items in self._declared.items() if name == "core" or name in enabled for item in items]

    def of_built_in(self, role: str, enabled: Collection[str]) -> frozenset[str]:
        """What a built-in role allows in a tenant with these plugins."""
        return frozenset(item.name for item in self.known(enabled) if role in item.roles)

    def of_own(self, stored: Iterable[str], enabled: Collection[str]) -> frozenset[str]:
        """What a tenant's own role allows: of the stored names those that still mean something."""
        return frozenset(stored) & {item.name for item in self.known(enabled)}
