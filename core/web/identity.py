"""From the token of a login or of a program to the person, with what the role allows in the tenant as it is now."""

from __future__ import annotations

from core.accounts.login_limit import count_wrong_token
from core.accounts.permissions import HANDLE_INTERACTIONS, Permissions
from core.accounts.sessions import SignedIn, StoredSession, change_role, in_use_elsewhere, read_session
from core.accounts.tokens import WrongToken, read_token
from core.agents.roster import begin_shift, end_shift
from core.plugins.context import Actor, ActorKind, Context, Platform
from core.plugins.gate import current_visit


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
        return None if stored is None else await self._with_rights(stored)

    async def of_api_token(self, token: str, address: str) -> tuple[SignedIn, Context]:
        """As whom the program acts that has shown an API token, with a context of core.

        Args:
            token: As it was sent.
            address: The client's address, for which wrong ones are counted.

        Raises:
            WrongToken: It is none, or no longer.
            TooManyRequests: Neither is it, and too many were sent from this address before.
        """
        stored = await read_token(token)
        if stored is None:
            await count_wrong_token(self._platform.settings.login, address)
            raise WrongToken()
        return await self._with_rights(stored)

    async def _with_rights(self, stored: StoredSession) -> tuple[SignedIn, Context]:
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
            token_id=stored.token_id,
        )


async def provide_identity() -> Identity:
    """The argument `identity` of core's own handlers."""
    return Identity(current_visit().platform)


async def start_work(ctx: Context, user: SignedIn) -> None:
    """The person has logged in, or taken another role: one that handles interactions starts on a break."""
    if user.may(HANDLE_INTERACTIONS):
        await begin_shift(ctx, user.id)


async def stop_work(ctx: Context, user: SignedIn) -> None:
    """The person logs out, or leaves a role: no new work, unless there is another login to take it."""
    if user.may(HANDLE_INTERACTIONS) and not await in_use_elsewhere(ctx, user):
        await end_shift(ctx, user.id)


async def take_role(identity: Identity, ctx: Context, user: SignedIn, key: str, token: str) -> None:
    """Lets a login go on in another role; whose new role handles interactions as the old one did goes on as he was.

    Args:
        identity: Who tells what the new role allows.
        ctx: The tenant.
        user: Who asks, in the old role.
        key: The new role.
        token: The token of the login.

    Raises:
        NotFound: The user has no such role.
    """
    if user.role is not None and user.role.key == key:
        return
    await change_role(ctx, user, key)
    known = await identity.of(token)
    if known is None:
        return
    changed, _ctx = known
    if user.may(HANDLE_INTERACTIONS) and not changed.may(HANDLE_INTERACTIONS):
        await stop_work(ctx, user)
    elif changed.may(HANDLE_INTERACTIONS) and not user.may(HANDLE_INTERACTIONS):
        await start_work(ctx, changed)
