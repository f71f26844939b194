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
MANAGE_ROLES = "core.manage_roles"
MANAGE_TEAMS = "core.manage_teams"
MANAGE_LOOKUPS = "core.manage_lookups"
MANAGE_FORMS = "core.manage_forms"
EXPORT_ANSWERS = "core.export_answers"
MANAGE_PLUGINS = "core.manage_plugins"
MANAGE_TOKENS = "core.manage_tokens"
SEE_AUDIT = "core.see_audit"
SEE_INTERACTIONS = "core.see_interactions"
SEE_AGENTS = "core.see_agents"
MANAGE_AGENTS = "core.manage_agents"

ADMINISTRATION = frozenset(
    {MANAGE_USERS, MANAGE_ROLES, MANAGE_TEAMS, MANAGE_LOOKUPS, MANAGE_FORMS, MANAGE_PLUGINS, MANAGE_TOKENS, SEE_AUDIT}
)
"""Each of these opens a page of the administration."""

SIGNED_IN = "signed_in"
"""Stands where a permission stands, for a page that everybody who is logged in may open."""


@dataclass(frozen=True)
class Permission:
    """A named right.

    Attributes:
        name: `<plugin>.<what>`, such as `telephony.take_calls`.
        title: What the right allows, for the administrator.
        roles: Keys of the built-in roles that carry it from the start.
        explanation: A sentence more, where the title does not say it all.
    """

    name: str
    title: str
    roles: tuple[str, ...] = ()
    explanation: str = ""


CORE_PERMISSIONS = (
    Permission(
        HANDLE_INTERACTIONS,
        _("Take and make calls"),
        (AGENT, SUPERVISOR),
        _("Who has this is an agent: has a status, belongs to a team, and gets work from queues."),
    ),
    Permission(
        SEE_OWN_JOURNAL,
        _("See one's own calls of the day"),
        (AGENT, SUPERVISOR),
        _("The list and the numbers on the home page."),
    ),
    Permission(
        SEE_INTERACTIONS,
        _("See everybody's calls and what became of them"),
        (ADMINISTRATOR, SUPERVISOR),
        _("Without it people see those that they have handled."),
    ),
    Permission(
        SEE_AGENTS,
        _("See agents and what they do"),
        (ADMINISTRATOR, SUPERVISOR),
        _("Their names, teams and statuses."),
    ),
    Permission(
        MANAGE_AGENTS,
        _("Set what agents do, and log them out"),
        (ADMINISTRATOR, SUPERVISOR),
        _("With a reason that the agent reads. Also their last changes, with who and why."),
    ),
    Permission(
        MANAGE_USERS,
        _("Create, find and change users"),
        (ADMINISTRATOR,),
        _("Also new passwords, and switching accounts off."),
    ),
    Permission(
        MANAGE_ROLES,
        _("Change roles and what they allow"),
        (ADMINISTRATOR,),
        _("Nobody can give a right of administration that he does not have himself."),
    ),
    Permission(
        MANAGE_TEAMS,
        _("Change teams, their times and their members"),
        (ADMINISTRATOR,),
        _("How long it rings, and how long the work after a call may take."),
    ),
    Permission(
        MANAGE_LOOKUPS,
        _("Change lists of choices"),
        (ADMINISTRATOR,),
        _("What people choose from in forms and menus."),
    ),
    Permission(
        MANAGE_FORMS,
        _("Build and publish forms"),
        (ADMINISTRATOR,),
        _("What agents fill in; also taking forms over from files, and into them."),
    ),
    Permission(
        EXPORT_ANSWERS,
        _("Read and export the answers to forms"),
        (ADMINISTRATOR,),
        _("Everything that anybody has sent in a form, with the names and numbers of customers, as a table."),
    ),
    Permission(
        MANAGE_PLUGINS,
        _("Switch plugins on and off, and change their settings"),
        (ADMINISTRATOR,),
        _("Also what has failed in them, and the deletion of their data."),
    ),
    Permission(
        MANAGE_TOKENS,
        _("Create and revoke API tokens"),
        (ADMINISTRATOR,),
        _("With a token a program acts as a user, in one of the user's roles."),
    ),
    Permission(
        SEE_AUDIT,
        _("See the audit log"),
        (ADMINISTRATOR,),
        _("Who changed what and when, with the values before and after."),
    ),
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

    def by_plugin(self, enabled: Collection[str]) -> dict[str, tuple[Permission, ...]]:
        """The same by who declares it: `core` first, then each plugin that declares any."""
        return {name: items for name, items in self._declared.items() if items and (name == "core" or name in enabled)}

    def of_built_in(self, role: str, enabled: Collection[str]) -> frozenset[str]:
        """What a built-in role allows in a tenant with these plugins."""
        return frozenset(item.name for item in self.known(enabled) if role in item.roles)

    def of_own(self, stored: Iterable[str], enabled: Collection[str]) -> frozenset[str]:
        """What a tenant's own role allows: of the stored names those that still mean something."""
        return frozenset(stored) & {item.name for item in self.known(enabled)}
