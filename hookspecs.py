"""Every hook that a plugin may implement, with its contract. No logic.

Hooks that declare are called once per process when a plugin loads, take nothing, and give one value or a list. Tenant
hooks take `ctx` first and are called for the plugins that the tenant has enabled. An implementation may leave out
arguments that it does not need.
"""

from __future__ import annotations

from switchroom.contributions import (
    Asset,
    Models,
    NavItem,
    Panel,
    Permission,
    PluginSettings,
    Provider,
    Routes,
)
from switchroom.hooks import Fail, Mode, Scope, hookspec
from switchroom.interactions import InteractionView
from switchroom.jobs import Job
from switchroom.runtime import Context, Platform

# --- Declare ---------------------------------------------------------------------------------------------------------


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_routes() -> Routes:
    """Pages under `/p/<plugin>` and public pages under `/<public_prefix>/<tenant>`."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_models() -> Models:
    """The modules that hold the plugin's tables, and its migrations."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_jobs() -> list[Job]:
    """Background work, and the events that enqueue it."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_permissions() -> list[Permission]:
    """Named rights that the plugin's routes ask for."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_capabilities() -> list[Provider]:
    """Implementations of protocols by which core and other plugins use this one."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_settings() -> PluginSettings:
    """The schemas of what a tenant, and of what the installation, may set."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_assets() -> list[Asset]:
    """Scripts and style sheets of `static/dist/` that every page of the workspace loads."""


@hookspec(scope=Scope.PROCESS, mode=Mode.NOTIFY, fail=Fail.CLOSED, timeout=30.0)
async def plugin_startup(platform: Platform, media: bool) -> None:
    """A process that serves has started, with its database open.

    `media` is true in the one process of a machine that may run what must not stall the web server, such as a media
    server. A plugin that raises here is broken: its routes answer 404 and the rest of the server goes on.
    """


@hookspec(scope=Scope.PROCESS, mode=Mode.NOTIFY, timeout=10.0)
async def plugin_shutdown(platform: Platform) -> None:
    """The process is about to stop; the database is still open."""


# --- Tenant ----------------------------------------------------------------------------------------------------------


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, timeout=30.0)
async def plugin_enabled(ctx: Context) -> None:
    """The plugin has been switched on for the tenant; makes what it needs there. May come more than once."""


# --- Interaction lifecycle -------------------------------------------------------------------------------------------


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY)
async def interaction_ended(ctx: Context, interaction: InteractionView) -> None:
    """The contact is over, `interaction.cause` says why. After the commit, at once, and not durable."""


# --- Views -----------------------------------------------------------------------------------------------------------


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def navigation_items(ctx: Context) -> list[NavItem]:
    """Entries of the left navigation; those whose permission the user lacks are left out."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def agent_panels(ctx: Context) -> list[Panel]:
    """Panels of the workspace: of the right column, or docked at the bottom right."""
