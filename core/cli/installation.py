"""Opens the installation for a command that looks at it or changes it, beside a running server or without one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

from core.app import Application, audit, database, database_server, load_plugins, require_schema
from core.database.embedded_running import running_dsn
from core.errors import StartupError
from core.plugins.context import Platform
from core.plugins.registry import PluginRegistry
from core.settings import Settings


@contextmanager
def database_address(settings: Settings) -> Iterator[str]:
    """Give the address of the database: external, of the server that runs, or of one started for as long as the block.

    Raises:
        StartupError: The embedded server neither runs nor can be started.
    """
    with ExitStack() as stack:
        try:
            dsn = stack.enter_context(database_server(settings))
        except StartupError:
            running = running_dsn(settings.data_dir / "postgres")
            if running is None:
                raise
            dsn = running
        yield dsn


@asynccontextmanager
async def open_database(settings: Settings, registry: PluginRegistry) -> AsyncIterator[dict[str, Any]]:
    """Open the database with the tables of core and plugins, on whatever schema it has; give the ORM's apps."""
    with database_address(settings) as dsn:
        async with database(settings, dsn, registry) as apps:
            yield apps


@asynccontextmanager
async def open_platform(settings: Settings, registry: PluginRegistry | None = None) -> AsyncIterator[Platform]:
    """Open the services of the platform; nothing runs in the background and no plugin is started.

    Args:
        settings: The installation.
        registry: Its plugins, where they are loaded already.

    Raises:
        StartupError: The database cannot be reached, or its schema is not this code's.
    """
    registry = registry or load_plugins(settings)
    with database_address(settings) as dsn:
        async with database(settings, dsn, registry) as apps:
            await require_schema(apps, registry)
            audit(registry)
            platform = Application.build(settings, dsn, registry, frozenset()).platform
            await platform.live.start()
            try:
                yield platform
            finally:
                await platform.live.stop()
