"""How the installation is: looked at from the process that answers, each part in its own try and under a time limit."""

from __future__ import annotations

import asyncio
import logging
import pkgutil
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from urllib.parse import urlsplit

import pika
import redis.asyncio
import structlog
from pika.exceptions import AMQPError
from pydantic import SecretStr
from redis.exceptions import RedisError

from core.database.connection import MIGRATIONS_TABLE, fetch, fetch_row
from core.live.hub import Tab
from core.locale import gettext as _
from core.locale import ngettext
from core.plugins.context import Platform
from core.vendor.processes import processes

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 5.0
OLDEST_DATABASE = 15
LATE_SECONDS, VERY_LATE_SECONDS = 10, 60
"""Behind the time at which the oldest job was due: more than a hiccup; somebody waits for it."""
LITTLE_SPACE, TOO_LITTLE_SPACE = 2 * 2**30, 2**28
CLOCKS_APART = 1.0

NO_TENANT = 0
"""The live channel of nobody: what is told there only comes back to who has told it."""


class Level(StrEnum):
    """How a part is."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Sign:
    """What was found of one part.

    Attributes:
        value: The figure or the word that matters, short.
        text: One sentence.
        mend: What to do about it; empty where there is nothing to do.
    """

    title: str
    icon: str
    level: Level
    value: str
    text: str
    mend: str = ""


Look = Callable[[Platform], Awaitable[Sign]]


async def signs(platform: Platform) -> list[Sign]:
    """All parts, looked at at the same time."""
    looks: Sequence[tuple[str, str, Look]] = (
        (_("Database"), "database", _database),
        (_("Schema"), "table", _schema),
        (_("Broker"), "transfer", _broker),
        (_("Live updates"), "broadcast", _live),
        (_("Scheduler"), "clock-play", _scheduler),
        (_("Jobs"), "checklist", _jobs),
        (_("Processes"), "cpu", _processes),
        (_("Clocks"), "clock-hour-4", _clocks),
        (_("Disk"), "device-floppy", _disk),
    )
    return list(await asyncio.gather(*(_look(platform, *each) for each in looks)))


def worst(found: Sequence[Sign]) -> Level:
    """The worst of all."""
    levels = {sign.level for sign in found}
    return next((level for level in (Level.BAD, Level.WARN) if level in levels), Level.GOOD)


async def _look(platform: Platform, title: str, icon: str, look: Look) -> Sign:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await look(platform)
    except TimeoutError:
        return Sign(title, icon, Level.BAD, _("no answer"), _("It did not answer within 5 seconds."))
    except Exception as error:
        log.exception("health_check_failed", part=title)
        return Sign(title, icon, Level.BAD, _("failed"), f"{type(error).__name__}: {error}"[:300])


async def _database(_platform: Platform) -> Sign:
    started = time.perf_counter()
    row = await fetch_row(
        "SELECT current_setting('server_version_num')::int / 10000 AS major, "
        "split_part(current_setting('server_version'), ' ', 1) AS version, "
        "pg_database_size(current_database()) AS size, "
        "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections, "
        "current_setting('max_connections')::int AS most"
    )
    took = (time.perf_counter() - started) * 1000
    assert row is not None  # noqa: S101 - a SELECT without FROM gives a row
    title, icon, value = _("Database"), "database", f"{took:.0f} ms"
    text = _("PostgreSQL %(version)s, %(connections)s of %(most)s connections.") % row
    if row["major"] < OLDEST_DATABASE:
        return Sign(title, icon, Level.BAD, value, text, _("Move to PostgreSQL 15 or newer."))
    if row["connections"] > row["most"] * 0.85:
        return Sign(title, icon, Level.WARN, value, text, _("Raise max_connections, or lower database.pool_max."))
    return Sign(title, icon, Level.GOOD, value, text)


async def _schema(platform: Platform) -> Sign:
    title, icon = _("Schema"), "table"
    applied = {(row["app"], row["name"]) for row in await fetch(f"SELECT app, name FROM {MIGRATIONS_TABLE}")}  # noqa: S608
    packages = {"core": "core.migrations"} | {
        record.name: record.contributions.models.migrations
        for record in platform.registry.records
        if record.contributions.models is not None
    }
    known = {(app, name) for app, package in packages.items() for name in _migrations(package)}
    pending = sorted(app for app, _name in known - applied)
    newer = sorted(name for app, name in applied - known if app == "core")
    if newer:
        text = _("The database has %(name)s, which this process does not know.") % {"name": newer[-1]}
        return Sign(title, icon, Level.BAD, _("newer"), text, _("Start this process with the new version."))
    if pending:
        text = _("Not applied yet, of: %(apps)s.") % {"apps": ", ".join(dict.fromkeys(pending))}
        return Sign(title, icon, Level.WARN, _("behind"), text, _("Run: switchroom migrate"))
    text = ngettext("%(number)d step is applied.", "%(number)d steps are applied.", len(known)) % {"number": len(known)}
    return Sign(title, icon, Level.GOOD, _("up to date"), text)


def _migrations(package: str) -> list[str]:
    modules = pkgutil.iter_modules(import_module(package).__path__)
    return [module.name for module in modules if module.name[:1].isdigit()]


async def _broker(platform: Platform) -> Sign:
    title, icon, url = _("Broker"), "transfer", platform.settings.broker.url
    if url is None:
        return Sign(title, icon, Level.GOOD, _("in process"), _("Jobs run in the server's own process."))
    started = time.perf_counter()
    mend = _("Start it, or correct broker.url.")
    try:
        if url.get_secret_value().startswith("amqp"):
            await asyncio.to_thread(_ask_rabbitmq, url)
        else:
            await _ask_redis(url)
    except (RedisError, AMQPError, OSError) as error:
        return Sign(title, icon, Level.BAD, _("away"), f"{_place(url)}: {error or type(error).__name__}", mend)
    return Sign(title, icon, Level.GOOD, f"{(time.perf_counter() - started) * 1000:.0f} ms", _place(url))


async def _ask_redis(url: SecretStr) -> None:
    client = redis.asyncio.from_url(url.get_secret_value(), socket_timeout=PATIENCE_SECONDS)
    try:
        await client.ping()
    finally:
        await client.aclose()


def _ask_rabbitmq(url: SecretStr) -> None:
    parameters = pika.URLParameters(url.get_secret_value())
    parameters.connection_attempts = 1
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = PATIENCE_SECONDS
    # What goes wrong is said once, on the page.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    pika.BlockingConnection(parameters).close()


async def _live(platform: Platform) -> Sign:
    """A message goes the whole way: to the backbone and back to a page of this process."""
    title, icon, url = _("Live updates"), "broadcast", platform.settings.live.url
    tab = Tab(["health"])
    started = time.perf_counter()
    await platform.live.join(NO_TENANT, tab)
    try:
        await platform.live.publish(NO_TENANT, "health")
        await tab.next_message()
    finally:
        await platform.live.leave(NO_TENANT, tab)
    took = (time.perf_counter() - started) * 1000
    text = _place(url) if url else _("Carried by the database.")
    return Sign(title, icon, Level.GOOD if took < 1000 else Level.WARN, f"{took:.0f} ms", text)


async def _scheduler(_platform: Platform) -> Sign:
    title, icon = _("Scheduler"), "clock-play"
    # Index core_job_due.
    row = await fetch_row(
        "SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0)::float AS behind, count(*) AS due "
        "FROM (SELECT due_at FROM core_job WHERE state = 'due' AND due_at <= now() ORDER BY due_at LIMIT 10000) AS late"
    )
    assert row is not None  # noqa: S101 - an aggregate gives a row
    behind, value = row["behind"], f"{row['behind']:.1f} s"
    there = any(process.alive and "scheduler" in process.roles for process in await processes())
    if not there:
        mend = _("Start one: switchroom scheduler")
        return Sign(title, icon, Level.BAD, value, _("No process is there that hands out jobs."), mend)
    text = ngettext("%(number)d job is due.", "%(number)d jobs are due.", row["due"]) % {"number": row["due"]}
    if behind < LATE_SECONDS:
        return Sign(title, icon, Level.GOOD, value, text)
    level = Level.WARN if behind < VERY_LATE_SECONDS else Level.BAD
    return Sign(title, icon, level, value, text, _("Start more workers, or look at what keeps them busy."))


async def _jobs(_platform: Platform) -> Sign:
    title, icon = _("Jobs"), "checklist"
    row = await fetch_row(
        "SELECT (SELECT count(*) FROM core_job WHERE state = 'dead') AS dead, "
        "(SELECT count(*) FROM core_job WHERE state = 'sent') AS running"
    )
    assert row is not None  # noqa: S101 - a SELECT without FROM gives a row
    text = ngettext("%(number)d is being done.", "%(number)d are being done.", row["running"]) % {
        "number": row["running"]
    }
    if row["dead"]:
        dead = ngettext("%(number)d given up", "%(number)d given up", row["dead"]) % {"number": row["dead"]}
        return Sign(title, icon, Level.WARN, dead, text, _("Look at them below, and try them again."))
    return Sign(title, icon, Level.GOOD, _("none given up"), text)


async def _processes(_platform: Platform) -> Sign:
    title, icon = _("Processes"), "cpu"
    found = await processes()
    alive, gone = [each for each in found if each.alive], [each for each in found if not each.alive]
    versions = {each.version for each in alive}
    text = _("On %(machines)s, version %(versions)s.") % {
        "machines": ", ".join(sorted({each.host for each in alive})) or "–",
        "versions": ", ".join(sorted(versions)) or "–",
    }
    if len(versions) > 1:
        return Sign(title, icon, Level.WARN, str(len(alive)), text, _("Bring all processes to one version."))
    if gone:
        missing = ngettext("%(number)d ended without saying so.", "%(number)d ended without saying so.", len(gone)) % {
            "number": len(gone)
        }
        return Sign(title, icon, Level.WARN, str(len(alive)), f"{text} {missing}", _("Look at its log."))
    return Sign(title, icon, Level.GOOD, str(len(alive)), text)


async def _clocks(_platform: Platform) -> Sign:
    title, icon = _("Clocks"), "clock-hour-4"
    started = time.perf_counter()
    row = await fetch_row("SELECT clock_timestamp() AS now")
    ours, trip = datetime.now(UTC), time.perf_counter() - started
    assert row is not None  # noqa: S101 - a SELECT without FROM gives a row
    apart = max(abs((ours - row["now"]).total_seconds()) - trip / 2, 0.0)
    text, value = _("Between this machine and the database."), f"{apart * 1000:.0f} ms"
    if apart >= CLOCKS_APART:
        return Sign(title, icon, Level.WARN, value, text, _("Let both machines set their clocks by NTP."))
    return Sign(title, icon, Level.GOOD, value, text)


async def _disk(platform: Platform) -> Sign:
    title, icon, folder = _("Disk"), "device-floppy", platform.settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
    value, text = f"{free / 2**30:.1f} GiB", _("Free for the data folder of this machine.")
    if free >= LITTLE_SPACE:
        return Sign(title, icon, Level.GOOD, value, text)
    return Sign(title, icon, Level.WARN if free >= TOO_LITTLE_SPACE else Level.BAD, value, text, _("Free some space."))


def _place(url: SecretStr) -> str:
    """An address without its login."""
    parts = urlsplit(url.get_secret_value())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
