"""Implements every hook, each in the plainest way. Tests look at what core makes of it."""

from datetime import datetime
from typing import Any, Literal, Protocol

import click
from litestar import get
from pydantic import BaseModel

from switchroom import Context, Event, Job, hookimpl, job
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
from switchroom.forms import FileToCheck, FormRef, Question, Reader, Submission, Text, TextLine, Value
from switchroom.interactions import InteractionView
from switchroom.jobs import Schedule
from switchroom.runtime import Platform, TenantRef

from .models import Note

USE = "ear.use"


class Hearing(Protocol):
    """A capability of the test."""

    def hears(self) -> str:
        """What it hears."""


class Ears:
    """It."""

    def hears(self) -> str:
        return "everything"


class Settings(BaseModel):
    """What a tenant may set."""

    volume: int = 3


class Pitch(Question):
    """How high a sound is."""

    kind: Literal["ear_pitch"] = "ear_pitch"

    def parse(self, text: str, reader: Reader) -> Value:
        return int(text)

    def admits(self, value: Value) -> bool:
        return False


@get("/", permission=USE)
async def page(ctx: Context) -> dict[str, Any]:
    """What the plugin knows."""
    return {"plugin": ctx.plugin, "volume": ctx.settings.volume}


@job("ear.listen", on=(Event.INTERACTION_ENDED,))
async def listen(ctx: Context, interaction_id: int) -> None:
    """Notes that an interaction has ended."""
    await Note.create(text=f"ended {interaction_id}")


@job("ear.sleep")
async def sleep(ctx: Context) -> None:
    """Nothing."""


@click.command
def whisper() -> None:
    """Say something."""
    click.echo("psst")


class Ear:
    """The wiring. `objects` is what it says against a change of status, `prefers` whom it gives calls to."""

    objects: str = ""
    prefers: int | None = None

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[page])

    @hookimpl
    def register_models(self) -> Models:
        return Models((f"{__package__}.models",), f"{__package__}.migrations")

    @hookimpl
    def register_jobs(self) -> list[Job | Schedule]:
        return [listen, Schedule(sleep, "0 3 * * *")]

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission(USE, "Listen", ("agent", "supervisor", "administrator"))]

    @hookimpl
    def register_capabilities(self) -> list[Provider]:
        return [Provider(Hearing, Ears())]

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=Settings)

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("ear.js")]

    @hookimpl
    def register_channels(self) -> list[ChannelType]:
        return [ChannelType("whisper", "Whisper", "ear")]

    @hookimpl
    def register_form_components(self) -> list[FormComponent]:
        return [FormComponent(Pitch, "ear/pitch.html")]

    @hookimpl
    def register_form_actions(self) -> list[FormAction]:
        return [FormAction("listen", "Listen", Settings, self.listen)]

    async def listen(self, ctx: Context, form: FormRef, arguments: Settings) -> None:
        """Listens to whatever there is."""

    @hookimpl
    def register_lookups(self) -> list[Lookup]:
        return [Lookup("ear.noise", "Noises", initial=(("hum", "Hum"),))]

    @hookimpl
    def register_commands(self) -> list[click.Command]:
        return [whisper]

    @hookimpl
    async def plugin_startup(self, platform: Platform, media: bool) -> None:
        platform.plugin_state["ear.open"] = not media

    @hookimpl
    async def plugin_shutdown(self, platform: Platform) -> None:
        del platform.plugin_state["ear.open"]

    @hookimpl
    async def settings_check(self, ctx: Context, settings: BaseModel) -> list[SettingsProblem]:
        assert isinstance(settings, Settings)
        return [SettingsProblem("Too loud.", "volume")] if settings.volume > 10 else []

    @hookimpl
    async def plugin_enabled(self, ctx: Context) -> None:
        await Note.create(text="enabled")

    @hookimpl
    async def plugin_disabled(self, ctx: Context) -> None:
        await Note.create(text="disabled")

    @hookimpl
    async def tenant_cloned(self, ctx: Context, source: TenantRef) -> None:
        async with ctx.in_tenant(source):
            texts = [note.text for note in await Note.all()]
        for text in texts:
            await Note.create(text=f"copy of {text}")

    @hookimpl
    async def interaction_route(self, ctx: Context, interaction: InteractionView, candidates: list[int]) -> int | None:
        return self.prefers

    @hookimpl
    async def interaction_created(self, ctx: Context, interaction: InteractionView) -> None:
        """Heard."""

    @hookimpl
    async def interaction_state_changed(self, ctx: Context, interaction: InteractionView, old: str) -> None:
        """Heard."""

    @hookimpl
    async def interaction_ended(self, ctx: Context, interaction: InteractionView) -> None:
        """Heard."""

    @hookimpl
    async def record_processed(self, ctx: Context, reference: str, outcome: str, agent_id: int | None) -> None:
        """Heard."""

    @hookimpl
    async def agent_status_changing(self, ctx: Context, agent: AgentView, intent: Intent) -> Block | None:
        return Block(self.objects) if self.objects else None

    @hookimpl
    async def agent_status_changed(self, ctx: Context, agent: AgentView, old: str, cause: str) -> None:
        """Heard."""

    @hookimpl
    async def form_fields(self, ctx: Context, form: FormRef) -> list[FieldGroup]:
        return [FieldGroup("sound", "Sound", (TextLine(key="name", label=Text.of(en="Name of the sound")),))]

    @hookimpl
    async def form_validate(self, ctx: Context, form: FormRef, answers: dict[str, Value]) -> dict[str, str]:
        return {"ear__sound__name": "Too loud."} if answers.get("ear__sound__name") == "bang" else {}

    @hookimpl
    async def form_file_check(self, file: FileToCheck) -> Block | None:
        return Block("Too loud a file.") if "loud" in file.name else None

    @hookimpl
    async def form_submitted(self, ctx: Context, submission: Submission) -> None:
        await Note.create(text=str(submission.answers["ear__sound__name"]))

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return [NavItem("ear.page", "An entry of the ear", "/p/ear/", "ear", permission=USE)]

    @hookimpl
    async def admin_pages(self, ctx: Context) -> list[AdminPage]:
        return [AdminPage("ear.settings", "A page of the ear", "/p/ear/", "ear", permission=USE)]

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        return [Panel("ear.panel", "A panel of the ear", "/p/ear/", permission=USE)]

    @hookimpl
    async def card_tabs(self, ctx: Context, interaction: InteractionView) -> list[CardTab]:
        return [CardTab("ear", f"A tab of call {interaction.id}", "/p/ear/", permission=USE)]

    @hookimpl
    async def toolbar_actions(self, ctx: Context, interaction: InteractionView) -> list[ToolbarAction]:
        return [ToolbarAction("ear", "A button of the ear", "/p/ear/", "ear", permission=USE)]

    @hookimpl
    async def agent_actions(self, ctx: Context, agent: AgentView) -> list[ToolbarAction]:
        return [ToolbarAction("ear", f"A button of agent {agent.user_id}", "/p/ear/", "ear", permission=USE)]

    @hookimpl
    async def dashboard_widgets(self, ctx: Context) -> list[Widget]:
        return [Widget("ear", "A widget of the ear", "/p/ear/", permission=USE)]

    @hookimpl
    async def workspace_sections(self, ctx: Context) -> list[WorkspaceSection]:
        return [WorkspaceSection("ear", "A section of the ear", "/p/ear/", permission=USE)]

    @hookimpl
    async def bar_items(self, ctx: Context) -> list[BarItem]:
        return [BarItem("ear", "A button of the bar", "/p/ear/", topics=("ear",), permission=USE)]

    @hookimpl
    async def promise_released(self, ctx: Context, reference: str) -> bool | None:
        return True if reference == "ear:sound:1" else None

    @hookimpl
    async def promise_put_off(self, ctx: Context, reference: str, due: datetime) -> None:
        """Heard."""

    @hookimpl
    async def promise_settled(self, ctx: Context, reference: str, kept: bool) -> None:
        """Heard."""

    @hookimpl
    async def promise_given(self, ctx: Context, reference: str, owner_id: int) -> None:
        """Heard."""

    @hookimpl
    async def interaction_page(self, ctx: Context, interaction: InteractionView) -> str | None:
        return f"/p/ear/?call={interaction.id}"

    @hookimpl
    async def search(self, ctx: Context, query: str, limit: int) -> list[SearchHit]:
        return [SearchHit(f"Sounds like {query}", "/p/ear/", "Sound")][:limit]


plugin = Ear()
