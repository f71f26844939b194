"""Whoever may handle interactions is an agent, also before the first login."""

from __future__ import annotations

from core.accounts.authority import Authority
from core.accounts.directory import get_person
from core.accounts.own_roles import all_roles
from core.accounts.permissions import HANDLE_INTERACTIONS
from core.agents.roster import enrol
from core.plugins.context import Context


async def follow_roles(ctx: Context, authority: Authority, user_id: int) -> bool:
    """Makes a user an agent whose roles ask for it, and tells whether they do.

    Raises:
        NotFound: The tenant has no such user.
    """
    held = (await get_person(ctx, user_id)).role_keys
    if not any(HANDLE_INTERACTIONS in authority.of_role(role) for role in await all_roles(ctx) if role.key in held):
        return False
    await enrol(ctx, user_id)
    return True
