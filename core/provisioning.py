"""Makes tenants, and the demo tenant: what a new organisation starts with."""

from __future__ import annotations

import re

from core.accounts.models import User
from core.accounts.permissions import ADMINISTRATOR, AGENT, KB_READER, SUPERVISOR
from core.accounts.users import create_user, ensure_built_in_roles
from core.agents.roster import begin_shift, ensure_team
from core.errors import Conflict, InvalidInput
from core.plugin_lifecycle import enable_what_can_be
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from core.tenancy.models import Tenant

DEMO_SLUG = "demo"
DEMO_PASSWORD = "demo"  # noqa: S105 - the demo tenant exists on loopback addresses alone
DEMO_USERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("admin", "Alex Morgan", (ADMINISTRATOR,)),
    ("supervisor", "Sofia Lindqvist", (SUPERVISOR, AGENT)),
    ("agent1", "Anna Petrova", (AGENT,)),
    ("agent2", "Ben Carter", (AGENT,)),
    ("agent3", "Chiara Rossi", (AGENT,)),
    ("agent4", "Daniel Kim", (AGENT,)),
    ("agent5", "Elena Sokolova", (AGENT,)),
    ("reader", "Robin Meyer", (KB_READER,)),
)

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")


async def create_tenant(
    platform: Platform, *, slug: str, name: str, language: str | None = None, timezone: str | None = None
) -> TenantRef:
    """Makes an organisation with the built-in roles, a team, and the plugins that new ones get.

    Args:
        platform: The installation.
        slug: 3 to 40 small letters, digits and hyphens; part of public addresses.
        name: What people read.
        language: The language of its pages; None is the installation's.
        timezone: Its IANA zone; None is the installation's.

    Raises:
        InvalidInput: The slug cannot be used.
        Conflict: The slug is taken.
    """
    if not _SLUG.fullmatch(slug):
        raise InvalidInput(
            f"{slug!r} cannot be the short name of an organisation.",
            fields={"slug": "Use 3 to 40 small letters, digits and hyphens, beginning with a letter."},
        )
    if await Tenant.filter(slug=slug).exists():
        raise Conflict(f"There is an organisation {slug!r} already.", mend="Choose another short name.")
    defaults = platform.settings.locale
    row = await Tenant.create(
        slug=slug,
        name=name,
        language=language or defaults.default_language,
        timezone=timezone or defaults.default_timezone,
    )
    async with platform.context(row.ref()) as ctx:
        await ensure_built_in_roles(ctx)
        await ensure_team(ctx)
        await enable_what_can_be(platform, ctx, list(platform.settings.plugins.enabled_by_default))
    return await platform.tenant(tenant_id=row.id)


async def ensure_demo(platform: Platform) -> None:
    """Makes the demo tenant and its users, or completes them; what is there stays as it is."""
    if not await Tenant.filter(slug=DEMO_SLUG).exists():
        await create_tenant(platform, slug=DEMO_SLUG, name="Demo")
    async with platform.context(await platform.tenant(slug=DEMO_SLUG)) as ctx:
        known: set[str] = {user.username for user in await User.all()}
        for username, name, roles in DEMO_USERS:
            if username not in known:
                await _create_demo_user(ctx, username, name, roles)


async def _create_demo_user(ctx: Context, username: str, name: str, roles: tuple[str, ...]) -> None:
    user = await create_user(ctx, username, name, DEMO_PASSWORD, roles)
    if AGENT in roles:
        await begin_shift(ctx, user.id)
