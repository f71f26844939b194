"""What the tenant's administrator can set: core's own pages and those of plugins."""

from __future__ import annotations

from core.accounts.permissions import (
    ADMINISTRATION,
    MANAGE_FORMS,
    MANAGE_LOOKUPS,
    MANAGE_PLUGINS,
    MANAGE_ROLES,
    MANAGE_TEAMS,
    MANAGE_TOKENS,
    MANAGE_USERS,
    SEE_AUDIT,
)
from core.accounts.sessions import SignedIn
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import AdminPage

START = "/admin"


async def administration(ctx: Context, user: SignedIn) -> list[AdminPage]:
    """The pages that this user may open, in their order."""
    pages = [*_own_pages(), *await ctx.collect("admin_pages")]
    allowed = [page for page in pages if page.permission is None or user.may(page.permission)]
    return sorted(allowed, key=lambda page: page.order)


async def has_administration(ctx: Context, user: SignedIn) -> bool:
    """Whether there is a page for this user; plugins are asked only where core has none."""
    return bool(user.permissions & ADMINISTRATION) or bool(await administration(ctx, user))


def _own_pages() -> list[AdminPage]:
    return [
        AdminPage(
            "core.users",
            _("Users"),
            "/admin/users",
            "users",
            _("Add colleagues, give them roles and new passwords, switch accounts off."),
            MANAGE_USERS,
            10,
        ),
        AdminPage(
            "core.roles",
            _("Roles and permissions"),
            "/admin/roles",
            "shield-lock",
            _("See at a glance who may do what, and make roles of your own."),
            MANAGE_ROLES,
            20,
        ),
        AdminPage(
            "core.teams",
            _("Teams"),
            "/admin/teams",
            "users-group",
            _("Put agents into teams, and set how long it rings and how long wrap-up takes."),
            MANAGE_TEAMS,
            30,
        ),
        AdminPage(
            "core.lookups",
            _("Lists of choices"),
            "/admin/lookups",
            "list-check",
            _("Name, order and switch off what people choose from in forms."),
            MANAGE_LOOKUPS,
            40,
        ),
        AdminPage(
            "core.forms",
            _("Forms"),
            "/admin/forms",
            "forms",
            _("Build what agents fill in, publish it in versions, take it to other organisations."),
            MANAGE_FORMS,
            45,
        ),
        AdminPage(
            "core.plugins",
            _("Plugins"),
            "/admin/plugins",
            "puzzle",
            _("Switch features on and off for your organisation, and set them up."),
            MANAGE_PLUGINS,
            50,
        ),
        AdminPage(
            "core.tokens",
            _("API tokens"),
            "/admin/tokens",
            "key",
            _("Let programs work with your data, in the name of a user."),
            MANAGE_TOKENS,
            60,
        ),
        AdminPage(
            "core.audit",
            _("Audit log"),
            "/admin/audit",
            "history",
            _("See who changed what and when, with the values before and after."),
            SEE_AUDIT,
            70,
        ),
    ]
