"""From the token of a login to the person, with what the role allows in the tenant as it is now."""

from __future__ import annotations

from core.accounts.permissions import HANDLE_INTERACTIONS, Permissions
from core.accounts.sessions import SignedIn, StoredSession, in_use_elsewhere, read_session
from core.agents.roster import begin_shift, end_shift
from core.plugins.context import Actor, ActorKind, Context, Platform


class Identity:
    """Knows people by the token that their browser holds."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.permissions = Permissions(
            {record.name: record.contributions.permissions for record in platform.registry.ready}
        )

    async def of(self, token: str) -> tuple[SignedIn, Context] | None:
        """Who holds the token, with a context of core; None when the login has ended, or never was."""
        stored = await read_session(token, self._platform.settings.sessions)
        if stored is None:
            return None
        enablement = await self._platform.enablement.of(stored.tenant)
        user = self._signed_in(stored, enablement.plugins)
        return user, Context(self._platform, stored.tenant, Actor(ActorKind.USER, user.id), enablement)

    def _signed_in(self, stored: StoredSession, enabled: frozenset[str]) -> SignedIn:
        if stored.role is None:
            permissions: frozenset[str] = frozenset()
        elif stored.own_permissions is None:
            permissions = self.permissions.of_built_in(stored.role.key, enabled)
        else:
            permissions = self.permissions.of_own(stored.own_permissions, enabled)
        return SignedIn(
            id=stored.user_id,
            username=stored.username,
            name=stored.name,
            role=stored.role,
            permissions=permissions,
            several_roles=stored.several_roles,
            tenant=stored.tenant,
            language=stored.language,
            zone=stored.zone,
            theme=stored.theme,
            session_id=stored.id,
        )


async def start_work(ctx: Context, user: SignedIn) -> None:
    """The person has logged in, or taken another role: one that handles interactions starts on a break."""
    if user.may(HANDLE_INTERACTIONS):
        await begin_shift(ctx, user.id)


async def stop_work(ctx: Context, user: SignedIn) -> None:
    """The person logs out, or leaves a role: no new work, unless there is another login to take it."""
    if user.may(HANDLE_INTERACTIONS) and not await in_use_elsewhere(ctx, user):
        await end_shift(ctx, user.id)
