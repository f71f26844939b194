"""Every hook that a plugin may implement, with its contract. No logic.

Hooks that declare are called once per process when a plugin loads, take nothing, and give one value or a list. Tenant
hooks take `ctx` first and are called for the plugins that the tenant has enabled. An implementation may leave out
arguments that it does not need.
"""

from __future__ import annotations

from datetime import datetime

from click import Command
from pydantic import BaseModel

from switchroom.agents import AgentView, Intent
from switchroom.contributions import (
    AdminPage,
    Asset,
    BarItem,
    Block,
    CardTab,
    ChannelType,
    FieldGroup,
    FormAction,
    FormComponent,
    Lookup,
    Models,
    NavItem,
    Panel,
    Permission,
    PluginSettings,
    Provider,
    Routes,
    SearchHit,
    SettingsProblem,
    ToolbarAction,
    Widget,
    WorkspaceSection,
)
from switchroom.forms import FileToCheck, FormRef, Submission, Value
from switchroom.hooks import Fail, Mode, Scope, hookspec
from switchroom.interactions import InteractionView
from switchroom.jobs import Job, Schedule
from switchroom.runtime import Context, Platform, TenantRef

# --- Declare ---------------------------------------------------------------------------------------------------------


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_routes() -> Routes:
    """Pages under `/p/<plugin>`, public pages under `/<public_prefix>/<tenant>`, and the API `/api/v1/<plugin>`."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_models() -> Models:
    """The modules that hold the plugin's tables, and its migrations."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_jobs() -> list[Job | Schedule]:
    """Background work: jobs, with the events that enqueue them, and schedules of jobs."""


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


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_channels() -> list[ChannelType]:
    """Ways in which interactions come. An interaction of a channel that nobody has registered is refused."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_form_components() -> list[FormComponent]:
    """Kinds of questions that forms may ask."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_form_actions() -> list[FormAction]:
    """What buttons of forms can have done, in the transaction that saves the step."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_lookups() -> list[Lookup]:
    """Lists of named values that the tenant's administrator keeps, such as reasons of a break."""


@hookspec(scope=Scope.PROCESS, fail=Fail.CLOSED)
def register_commands() -> list[Command]:
    """Commands of the command line, found below `switchroom <plugin>`."""


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


@hookspec(scope=Scope.TENANT, fail=Fail.CLOSED, timeout=10.0)
async def settings_check(ctx: Context, settings: BaseModel) -> list[SettingsProblem]:
    """Whether settings that fit the schema also work, for example by connecting; asked before they are saved.

    Only the plugin whose settings they are is asked, outside any transaction.
    """


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, fail=Fail.CLOSED, timeout=30.0)
async def plugin_enabled(ctx: Context) -> None:
    """The plugin is being switched on for the tenant; makes what it needs there. May come more than once.

    In the transaction that switches it on: when it raises, the plugin stays off. Only the plugin concerned is told.
    """


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, timeout=30.0)
async def plugin_disabled(ctx: Context) -> None:
    """The plugin has been switched off for the tenant; its data stays. Only the plugin concerned is told."""


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, timeout=30.0)
async def tenant_cloned(ctx: Context, source: TenantRef) -> None:
    """The tenant of `ctx` was made as a copy of `source`: users, teams, lookups and settings; makes the plugin's part.

    Called instead of `plugin_enabled`. Rows of `source` are read inside `ctx.in_tenant(source)`.
    """


# --- Interaction lifecycle -------------------------------------------------------------------------------------------


@hookspec(scope=Scope.TENANT, mode=Mode.FIRST, timeout=1.0)
async def interaction_route(ctx: Context, interaction: InteractionView, candidates: list[int]) -> int | None:
    """Whom to offer a waiting interaction to, of the user ids of agents who are free, the most wanted first.

    None leaves it to the next plugin, and in the end to the order of the queue. An answer that is none of the
    candidates counts as none. Of very many who are free, the first hundred are candidates.
    """


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY)
async def interaction_created(ctx: Context, interaction: InteractionView) -> None:
    """An interaction has begun. After the commit, at once, and not durable."""


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY)
async def interaction_state_changed(ctx: Context, interaction: InteractionView, old: str) -> None:
    """An interaction has gone from the state `old` to that which it has now. After the commit, and not durable."""


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY)
async def interaction_ended(ctx: Context, interaction: InteractionView) -> None:
    """The contact is over, `interaction.cause` says why. After the commit, at once, and not durable."""


@hookspec(scope=Scope.TENANT, mode=Mode.FIRST, fail=Fail.CLOSED, timeout=5.0)
async def promise_released(ctx: Context, reference: str) -> bool | None:
    """The owner of a promise is absent when it is due, and whoever made it takes it back into its queue.

    True from the plugin whose `reference` it is, once it has done so. Asked in a job that is tried again when it fails.
    """


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, fail=Fail.CLOSED, timeout=5.0)
async def promise_put_off(ctx: Context, reference: str, due: datetime) -> None:
    """The promise of `reference` is due at another time: somebody has put it off, or forward, in the ledger.

    In the transaction of the ledger, which has no row locked yet: the plugin whose reference it is sets its own date,
    or raises `Conflict` or `InvalidInput` to refuse. Not called when that plugin itself promises it anew.
    """


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, fail=Fail.CLOSED, timeout=5.0)
async def promise_given(ctx: Context, reference: str, owner_id: int) -> None:
    """The promise of `reference` has another owner: somebody has given it to the user `owner_id`, or taken it himself.

    Like `promise_put_off`: in the transaction, before the ledger locks its row, and not when a plugin promises it anew.
    """


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, fail=Fail.CLOSED, timeout=5.0)
async def promise_settled(ctx: Context, reference: str, kept: bool) -> None:
    """Somebody has said in the ledger that the promise of `reference` is kept, or, without `kept`, owed no more.

    Like `promise_put_off`: in the transaction, before the ledger locks a row, and not when a plugin itself settles it.
    """


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, fail=Fail.CLOSED, timeout=10.0)
async def record_processed(ctx: Context, reference: str, outcome: str, agent_id: int | None) -> None:
    """A record that was put into a record queue has left it; `agent_id` is the user who had it last, if anybody had.

    `outcome` is `done`, `assigned` when the agent has made the record his own to work on later, or `closed` when it was
    taken out. Asked in a job after the commit, which is tried again when a plugin fails: it may come more than once.
    """


# --- Status ----------------------------------------------------------------------------------------------------------


@hookspec(scope=Scope.TENANT, mode=Mode.VETO, timeout=1.0)
async def agent_status_changing(ctx: Context, agent: AgentView, intent: Intent) -> Block | None:
    """An agent, or somebody for the agent, is about to choose `intent`; a `Block` refuses it and says why.

    A plugin that fails here refuses nothing.
    """


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY)
async def agent_status_changed(ctx: Context, agent: AgentView, old: str, cause: str) -> None:
    """What people see of an agent has changed from `old`. After the commit, and not durable."""


# --- Forms -----------------------------------------------------------------------------------------------------------


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def form_fields(ctx: Context, form: FormRef) -> list[FieldGroup]:
    """Questions that the plugin adds to a form of somebody else, such as `wrapup:simple`.

    Their answers are named `<plugin>__<group>__<key>`. When the plugin fails, its group is left out and marked.
    """


@hookspec(scope=Scope.TENANT, fail=Fail.CLOSED, timeout=1.0)
async def form_validate(ctx: Context, form: FormRef, answers: dict[str, Value]) -> dict[str, str]:
    """What is wrong with answers that are complete, by field; nothing when they can be sent."""


@hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, fail=Fail.CLOSED)
async def form_submitted(ctx: Context, submission: Submission) -> None:
    """A form is being sent: in its transaction, so whoever raises undoes the whole."""


@hookspec(scope=Scope.TENANT, mode=Mode.VETO, fail=Fail.CLOSED, timeout=60.0)
async def form_file_check(ctx: Context, file: FileToCheck) -> Block | None:
    """A file has come in for a form, and nobody can get it yet; a `Block` refuses it and says why.

    For scanners: when a plugin fails, or takes too long, the file is refused for now. Outside any transaction.
    """


# --- Views -----------------------------------------------------------------------------------------------------------


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def navigation_items(ctx: Context) -> list[NavItem]:
    """Entries of the left navigation; those whose permission the user lacks are left out."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def admin_pages(ctx: Context) -> list[AdminPage]:
    """Pages of the tenant's administration."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def agent_panels(ctx: Context) -> list[Panel]:
    """Panels of the workspace: of the right column, or docked at the bottom right."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def card_tabs(ctx: Context, interaction: InteractionView) -> list[CardTab]:
    """Tabs of the card that an agent sees of the contact of an interaction."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def toolbar_actions(ctx: Context, interaction: InteractionView) -> list[ToolbarAction]:
    """Buttons above the card."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def agent_actions(ctx: Context, agent: AgentView) -> list[ToolbarAction]:
    """Buttons of an agent on the page *Team*, in the dialog of those who manage agents."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def dashboard_widgets(ctx: Context) -> list[Widget]:
    """Cards of the start page."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def workspace_sections(ctx: Context) -> list[WorkspaceSection]:
    """Parts of the page *Single window*: queues, work in hand, what is owed, whatever an agent needs in view."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def bar_items(ctx: Context) -> list[BarItem]:
    """Buttons of the top bar, between the status control and the user's menu."""


@hookspec(scope=Scope.TENANT, mode=Mode.FIRST, timeout=1.0)
async def interaction_page(ctx: Context, interaction: InteractionView) -> str | None:
    """The address of the page on which an agent works on an interaction; None leaves it to its card."""


@hookspec(scope=Scope.TENANT, timeout=1.0)
async def search(ctx: Context, query: str, limit: int) -> list[SearchHit]:
    """What the plugin finds for the words that somebody has typed, the best first, at most `limit`.

    The plugin gives only what this user may see.
    """
