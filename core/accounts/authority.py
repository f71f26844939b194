"""Who may give what: nobody hands out, or reaches through other people, a right of administration that he lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.accounts.own_roles import RoleView, all_roles
from core.accounts.permissions import ADMINISTRATOR, AGENT, Permissions
from core.database.connection import fetch
from core.errors import Forbidden
from core.locale import gettext as _

if TYPE_CHECKING:
    from core.plugins.context import Context


@dataclass(frozen=True)
class Authority:
    """What somebody may give and touch.

    Rights that the built-in administrator does not carry, such as taking calls, are given freely: an administrator
    makes agents without being one. So are those that every agent has from the start.

    Attributes:
        own: The rights of the role that the person works in.
    """

    permissions: Permissions
    enabled: frozenset[str]
    own: frozenset[str]

    def lacking(self, names: Iterable[str]) -> frozenset[str]:
        """The rights of administration among these that the person lacks."""
        administration = self.permissions.of_built_in(ADMINISTRATOR, self.enabled)
        return (frozenset(names) & administration) - self.permissions.of_built_in(AGENT, self.enabled) - self.own

    def may_give(self, role: RoleView) -> bool:
        """Whether the person may give, and take, this role."""
        return not self.lacking(self.of_role(role))

    def check_rights(self, names: Iterable[str]) -> None:
        """Whether these rights may be given, or taken.

        Raises:
            Forbidden: There are rights of administration among them that the person lacks.
        """
        if self.lacking(names):
            raise Forbidden(
                _("This needs rights of administration that your role does not have."),
                mend=_("Ask an administrator to do it."),
            )

    def of_role(self, role: RoleView) -> frozenset[str]:
        """What a role of the tenant allows."""
        if role.built_in:
            return self.permissions.of_built_in(role.key, self.enabled)
        return self.permissions.of_own(role.permissions, self.enabled)

    async def roles(self, ctx: Context) -> list[RoleView]:
        """Every role of the tenant."""
        return await all_roles(ctx)

    async def check_roles(self, ctx: Context, keys: Collection[str]) -> None:
        """Whether these roles may be given, or taken.

        Raises:
            Forbidden: One of them carries more than the person may give.
        """
        self.check_rights(right for role in await all_roles(ctx) if role.key in keys for right in self.of_role(role))

    async def check_user(self, ctx: Context, user_id: int) -> None:
        """Whether this user's account may be changed: with a new password one could log in as that person.

        Raises:
            Forbidden: One of the user's roles carries more than the person may give.
        """
        rows = await fetch(
            "SELECT role.key FROM core_user_role AS granted JOIN core_role AS role ON role.id = granted.role_id "
            "WHERE granted.tenant_id = $1 AND granted.user_id = $2",
            ctx.tenant.id,
            user_id,
        )
        await self.check_roles(ctx, [row["key"] for row in rows])
