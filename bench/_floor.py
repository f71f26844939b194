"""What several measurements need: an installation on a database of its own, with many agents and much that waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from core import app as core_app
from core import provisioning
from core.accounts.models import User
from core.app import Application
from core.database.connection import execute, execute_script, fetch
from core.errors import NotFound
from core.plugins.context import Context, Platform
from core.tenant_plugins.switching_on import enable_with_requirements
from switchroom.testing.app import make_settings, migrate_database
from switchroom.testing.databases import database_server, scratch_database

SLUG = "bench"
NO_PASSWORD = "none"  # noqa: S105 - nobody logs in with it


@contextmanager
def fresh_database() -> Iterator[str]:
    """The address of a database with all tables, which goes with the block. Commits are durable, as in production."""
    with TemporaryDirectory() as folder, database_server(Path(folder)) as server, scratch_database(server) as url:
        yield url


@asynccontextmanager
async def installation(url: str, *, make_tables: bool = False) -> AsyncIterator[Platform]:
    """The platform of one process on that database, with nothing that runs in the background."""
    if make_tables:
        await migrate_database(url)
    settings = make_settings(url)
    registry = core_app.load_plugins(settings)
    async with core_app.database(settings, url, registry):
        if make_tables:
            await execute_script(f"ALTER DATABASE {_name(url)} RESET ALL")
        platform = Application.build(settings, url, registry, frozenset()).platform
        await platform.live.start()
        try:
            yield platform
        finally:
            await platform.live.stop()


def _name(url: str) -> str:
    return '"' + url.rpartition("/")[2].partition("?")[0] + '"'


@asynccontextmanager
async def tenant_of(platform: Platform, slug: str = SLUG) -> AsyncIterator[Context]:
    """The context of a tenant, which is made where it is missing."""
    try:
        tenant = await platform.tenant(slug=slug)
    except NotFound:
        tenant = await provisioning.create_tenant(platform, slug=slug, name="Bench")
        async with platform.context(tenant) as ctx:
            await enable_with_requirements(platform, ctx, "records")
        tenant = await platform.tenant(slug=slug)
    async with platform.context(tenant) as ctx:
        yield ctx


async def make_agents(ctx: Context, count: int, *, available: bool = True) -> list[int]:
    """So many agents, in no pool yet, who have a connection and take work, or are on a break; gives their user ids."""
    tenant = ctx.tenant.id
    people = [{"username": f"bench{number}", "name": f"Agent {number}"} for number in range(1, count + 1)]
    await User.bulk_create(User(**person, password_hash=NO_PASSWORD) for person in people)
    rows = await fetch(
        "INSERT INTO core_agent (tenant_id, user_id, team_id, intent, do_not_disturb, occupancy, status, status_since, "
        "work, taking, connected_until) "
        "SELECT $1::bigint, person.id, (SELECT min(id) FROM core_team WHERE tenant_id = $1), $2::text, false, 'free', "
        "$3::text, now(), '{}', $4::bool, CASE WHEN $4 THEN now() + interval '1 day' END FROM core_user AS person "
        "WHERE person.tenant_id = $1 AND person.username LIKE 'bench%' ORDER BY person.id RETURNING user_id",
        tenant,
        "available" if available else "pause",
        "waiting" if available else "offline",
        available,
    )
    return [row["user_id"] for row in rows]


async def put_in_pool(ctx: Context, pool: str, channel: str, *, free: bool) -> None:
    """Lets every agent of the tenant serve a queue."""
    await execute(
        "INSERT INTO core_pool_member (tenant_id, pool, user_id, level, strategy, channels, rank, free) "
        "SELECT $1::bigint, $2::text, user_id, 0, 'longest_idle', jsonb_build_array($3::text), "
        "extract(epoch FROM now()) + user_id / 1e6, $4 FROM core_agent WHERE tenant_id = $1",
        ctx.tenant.id,
        pool,
        channel,
        free,
    )


async def make_waiting(ctx: Context, count: int, queue: str, channel: str) -> None:
    """So many interactions wait in a queue, the first for the longest."""
    await execute(
        "INSERT INTO core_interaction (tenant_id, channel, direction, state, state_since, queue, priority, "
        "waiting_since, contact_name, contact_number, subject, cause, reference, created_at) "
        "SELECT $1::bigint, $4::text, 'inbound', 'waiting', now(), $3::text, 0, "
        "now() - interval '1 hour' + number * interval '1 millisecond', 'Kim', '', '', '', '', now() "
        "FROM generate_series(1, $2::int) AS number",
        ctx.tenant.id,
        count,
        queue,
        channel,
    )
