"""Every hook, called by core as it calls it for anybody: one test for each, named after it, and one that none lacks."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest
from litestar.types import ASGIApp

import hookspecs
from core import plugin_lifecycle
from core.accounts.permissions import ADMINISTRATOR, AGENT, KB_READER, SUPERVISOR
from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent, Status
from core.agents.views import view
from core.database.connection import fetch
from core.errors import InvalidInput
from core.forms.contributed import extend_form
from core.forms.files.receiving import FileRefused, receive_file
from core.forms.files.tickets import Ticket
from core.forms.kinds import form_kinds
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers
from core.forms.schema import Form, read_form
from core.forms.store import submit_form
from core.interactions.lifecycle import create_interaction, end_interaction
from core.interactions.offers import accept_offer, make_offer
from core.interactions.rows import InteractionView, pending_offer
from core.lookups.entries import entries
from core.plugins.context import SYSTEM, Context, Platform
from core.plugins.discovery import PluginState
from core.plugins.dispatch import Refused
from core.tenancy.context import TenantRef
from core.tenants.cloning import clone_tenant
from core.tenants.creation import NewTenant
from switchroom.capabilities import QueueDirectory
from switchroom.testing.app import App
from switchroom.testing.hooks import HookCall
from tests.conftest import Jobs
from tests.core.web_client import (
    add_user,
    client,
    log_in,
    switch_on,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

PLUGINS = Path(__file__).parent / "hook_plugins"
READER = Reader(ZoneInfo("UTC"))
HOOKS = [name for name, value in vars(hookspecs).items() if hasattr(value, "contract")]
FORM = {
    "key": "test:ear",
    "version": 1,
    "title": {"en": "Sounds"},
    "pages": [{"key": "p", "components": [{"kind": "text", "key": "name", "label": {"en": "Name"}}]}],
}


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test_that_is_named_after_it(hook: str) -> None:
    written = re.findall(r"^(?:async )?def test_hook_(\w+)\(", Path(__file__).read_text(encoding="utf-8"), re.MULTILINE)
    # The name of one hook may begin that of another: the longest fits.
    tested = [max((name for name in HOOKS if test.startswith(name)), key=len, default="") for test in written]
    assert hook in tested


async def test_every_hook_is_implemented_by_the_plugin_of_these_tests(app: App) -> None:
    record = app.plugins.get("ear")
    assert record is not None
    assert (record.state, record.reason) == (PluginState.READY, "")
    assert {caller.name for caller in app.plugins.manager.get_hookcallers(record.plugin) or []} == set(HOOKS)


@pytest.fixture
def switchroom_settings() -> dict[str, str]:
    return {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(PLUGINS)])}


@pytest.fixture
async def tenant(app: App, platform: Platform) -> TenantRef:
    """A tenant that has the plugin on."""
    made = await app.create_tenant("acme", "Acme")
    await switch_on(platform, made, "ear")
    return await platform.tenant(slug="acme")


@pytest.fixture
def ear(app: App) -> Iterator[Any]:
    """The plugin, which forgets afterwards what it was told: its module outlives the test."""
    record = app.plugins.get("ear")
    assert record is not None
    plugin: Any = record.plugin
    yield plugin
    plugin.objects, plugin.prefers = "", None


async def notes(ctx: Context) -> list[str]:
    """What the plugin has stored for the tenant."""
    rows = await fetch("SELECT text FROM ear_note WHERE tenant_id = $1 ORDER BY id", ctx.tenant.id)
    return [row["text"] for row in rows]


def heard(app: App, hook: str) -> HookCall:
    """The last call of a hook of the plugin."""
    return app.hooks.of(hook, "ear")[-1]


async def call(ctx: Context, **values: Any) -> InteractionView:
    """A customer who calls and waits in the tenant's queue."""
    directory = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
    assert directory is not None
    queue = (await directory.admit(ctx, "voice")).queue
    return await create_interaction(ctx, channel="voice", queue=queue, contact_name="Kim", **values)


async def agent(platform: Platform, tenant: TenantRef, name: str, *more: str) -> int:
    """Somebody who takes calls."""
    number = await add_user(platform, tenant, name, AGENT, *more)
    async with platform.context(tenant) as ctx:
        await begin_shift(ctx, number)
        await tab_opened(ctx, number)
        await choose_intent(ctx, number, Intent.AVAILABLE)
    return number


async def talk(ctx: Context, number: int) -> InteractionView:
    """A call that the agent has answered."""
    interaction = await call(ctx)
    offer = await make_offer(ctx, interaction.id, [number], cause="test")
    assert offer is not None
    await accept_offer(ctx, offer.id, number)
    return interaction


async def shown(web: ASGIApp, tenant: TenantRef, path: str, **headers: str) -> str:
    """A page, as Anna sees it."""
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        answer = await browser.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


# --- Declare ---------------------------------------------------------------------------------------------------------


async def test_hook_register_routes(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    assert json.loads(await shown(web, tenant, "/p/ear/"))["plugin"] == "ear"


async def test_hook_register_models(ctx: Context) -> None:
    assert await notes(ctx) == ["enabled"]


async def test_hook_register_jobs(ctx: Context, platform: Platform, jobs: Jobs) -> None:
    assert platform.jobs.named("ear.listen") is not None
    assert platform.jobs.named("ear.sleep") is not None, "a schedule brings its job"
    interaction = await call(ctx)
    await end_interaction(ctx, interaction.id, "caller_hung_up")
    await jobs.run_due()
    assert f"ended {interaction.id}" in await notes(ctx)


async def test_hook_register_permissions(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "rob", "kb_reader")
    async with client(web) as browser:
        await log_in(browser, "rob", tenant)
        assert (await browser.get("/p/ear/")).status_code == 403


async def test_hook_register_capabilities(ctx: Context, app: App) -> None:
    record = app.plugins.get("ear")
    assert record is not None
    (provider,) = record.contributions.providers
    found = ctx.capability(provider.protocol)
    assert found is provider.implementation
    assert found.hears() == "everything"


async def test_hook_register_settings(ctx: Context) -> None:
    assert ctx.for_plugin("ear").settings.volume == 3


async def test_hook_register_assets(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    assert "/p/ear/static/ear.js?v=" in await shown(web, tenant, "/")
    assert "export const heard" in await shown(web, tenant, "/p/ear/static/ear.js")


async def test_hook_register_channels(ctx: Context) -> None:
    assert ctx.channels["whisper"].title == "Whisper"
    interaction = await create_interaction(ctx, channel="whisper", contact_name="Kim")
    assert interaction.channel == "whisper"


async def test_hook_register_form_components(ctx: Context) -> None:
    kinds = form_kinds(ctx)
    asked = {"kind": "ear_pitch", "key": "pitch", "label": {"en": "Pitch"}}
    form = read_form({**FORM, "pages": [{"key": "p", "components": [asked]}]}, kinds)
    assert form.pages[0].components[0].kind_name() == "ear_pitch"


async def test_hook_register_form_actions(ctx: Context) -> None:
    assert ctx.form_actions["ear.listen"].title == "Listen"


async def test_hook_register_lookups(ctx: Context) -> None:
    assert [entry.code for entry in await entries(ctx, "ear.noise")] == ["hum"]


async def test_hook_register_commands(app: App) -> None:
    record = app.plugins.get("ear")
    assert record is not None
    (command,) = record.contributions.commands
    assert isinstance(command, click.Command)
    assert command.name == "whisper"


async def test_hook_plugin_startup(app: App, platform: Platform) -> None:
    await app.start_plugins()
    assert heard(app, "plugin_startup").arguments == {"platform": platform, "media": False}
    assert platform.plugin_state["ear.open"] is True


async def test_hook_plugin_shutdown(app: App, platform: Platform) -> None:
    await app.start_plugins()
    await plugin_lifecycle.stop_plugins(platform)
    assert "ear.open" not in platform.plugin_state
    platform.plugin_state["ear.open"] = True  # for the end of the test, which stops them again


# --- Tenant ----------------------------------------------------------------------------------------------------------


async def test_hook_settings_check(app: App, platform: Platform, ctx: Context) -> None:
    with pytest.raises(InvalidInput) as refused:
        await plugin_lifecycle.save_plugin_settings(platform, ctx, "ear", {"volume": 11})
    assert refused.value.fields == {"volume": "Too loud."}
    await plugin_lifecycle.save_plugin_settings(platform, ctx, "ear", {"volume": 10})
    async with platform.context(await platform.tenant(tenant_id=ctx.tenant.id)) as fresh:
        assert fresh.for_plugin("ear").settings.volume == 10


async def test_hook_plugin_enabled(app: App, ctx: Context) -> None:
    assert heard(app, "plugin_enabled").arguments["ctx"].tenant.id == ctx.tenant.id
    assert await notes(ctx) == ["enabled"]


async def test_hook_plugin_disabled(platform: Platform, ctx: Context, jobs: Jobs) -> None:
    await plugin_lifecycle.disable_plugin(platform, ctx, "ear")
    await jobs.run_due()
    assert await notes(ctx) == ["enabled", "disabled"]


async def test_hook_tenant_cloned(app: App, platform: Platform, ctx: Context) -> None:
    clone = await clone_tenant(platform, ctx.tenant.id, NewTenant("acme-two", "Acme Two"), SYSTEM)
    assert heard(app, "tenant_cloned").arguments["source"].id == ctx.tenant.id
    async with platform.context(clone.tenant) as copy:
        assert await notes(copy) == ["copy of enabled"]


# --- Interaction lifecycle -------------------------------------------------------------------------------------------


async def test_hook_interaction_route(
    platform: Platform, ear: Any, tenant: TenantRef, ctx: Context, jobs: Jobs
) -> None:
    await agent(platform, tenant, "anna")
    ben = await agent(platform, tenant, "ben")
    await jobs.run_due()
    ear.prefers = ben
    interaction = await call(ctx)
    await jobs.run_due()
    offer = await pending_offer(ctx, interaction_id=interaction.id)
    assert offer is not None
    assert offer.agent_id == ben, "though Anna has waited longer"


async def test_hook_interaction_created(app: App, ctx: Context) -> None:
    interaction = await call(ctx)
    assert heard(app, "interaction_created").arguments["interaction"].id == interaction.id


async def test_hook_interaction_state_changed(app: App, platform: Platform, tenant: TenantRef, ctx: Context) -> None:
    anna = await agent(platform, tenant, "anna")
    app.hooks.clear()
    await talk(ctx, anna)
    states = [
        (seen.arguments["old"], str(seen.arguments["interaction"].state))
        for seen in app.hooks.of("interaction_state_changed", "ear")
    ]
    assert ("waiting", "offered") in states
    assert states[-1][0] == "offered"


async def test_hook_interaction_ended(app: App, ctx: Context) -> None:
    interaction = await call(ctx)
    await end_interaction(ctx, interaction.id, "caller_hung_up")
    told = heard(app, "interaction_ended").arguments["interaction"]
    assert (told.id, told.cause) == (interaction.id, "caller_hung_up")


async def test_hook_record_processed(app: App, ctx: Context) -> None:
    await ctx.tell("record_processed", reference="cases:case:1", outcome="done", agent_id=7)
    told = {"reference": "cases:case:1", "outcome": "done", "agent_id": 7}
    assert heard(app, "record_processed").arguments.items() >= told.items()


# --- Status ----------------------------------------------------------------------------------------------------------


async def test_hook_agent_status_changing(platform: Platform, ear: Any, tenant: TenantRef, ctx: Context) -> None:
    anna = await agent(platform, tenant, "anna")
    ear.objects = "Listen first."
    with pytest.raises(Refused, match="Listen first"):
        await choose_intent(ctx, anna, Intent.PAUSE)
    seen = await view(ctx, anna)
    assert seen is not None
    assert seen.status is Status.WAITING


async def test_hook_agent_status_changed(app: App, platform: Platform, tenant: TenantRef, ctx: Context) -> None:
    anna = await agent(platform, tenant, "anna")
    await choose_intent(ctx, anna, Intent.PAUSE)
    told = heard(app, "agent_status_changed").arguments
    assert (told["agent"].user_id, told["old"]) == (anna, Status.WAITING)


# --- Forms -----------------------------------------------------------------------------------------------------------


async def the_form(ctx: Context, number: int) -> Form:
    return await extend_form(ctx, read_form(FORM), "core:segment:17", number)


async def send(ctx: Context, number: int, sound: str) -> None:
    form = await the_form(ctx, number)
    typed = {"name": "Kim", "ear__sound__name": sound}
    await submit_form(ctx, form, "core:segment:17", number, typed, READER)


async def test_hook_form_fields(ctx: Context, platform: Platform, tenant: TenantRef) -> None:
    form = await the_form(ctx, await add_user(platform, tenant, "anna", AGENT))
    assert "ear__sound__name" in [component.key for page in form.pages for component in page.components]


async def test_hook_form_validate(ctx: Context, platform: Platform, tenant: TenantRef) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT)
    with pytest.raises(InvalidAnswers) as refused:
        await send(ctx, anna, "bang")
    assert "Too loud." in str(refused.value.fields)


async def test_hook_form_submitted(ctx: Context, platform: Platform, tenant: TenantRef) -> None:
    await send(ctx, await add_user(platform, tenant, "anna", AGENT), "hush")
    assert await notes(ctx) == ["enabled", "hush"]


async def test_hook_form_file_check(ctx: Context, platform: Platform, tenant: TenantRef) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT)
    ticket = Ticket(tenant.id, anna, "test:card", "core:segment:1", "paper", ("text",), 1000)

    async def given(name: str) -> str:
        async def bytes_of_it() -> AsyncIterator[bytes]:
            yield b"words"

        return (await receive_file(ctx, ticket, name, bytes_of_it(), None)).name

    assert await given("hush.txt") == "hush.txt"
    with pytest.raises(FileRefused) as refused:
        await given("loud.txt")
    assert refused.value.fields == {"paper": "Too loud a file."}


# --- Views -----------------------------------------------------------------------------------------------------------


async def test_hook_navigation_items(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    assert "An entry of the ear" in await shown(web, tenant, "/")


async def test_hook_admin_pages(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", ADMINISTRATOR)
    assert "A page of the ear" in await shown(web, tenant, "/admin")


async def test_hook_agent_panels(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    assert "A panel of the ear" in await shown(web, tenant, "/")


async def test_hook_card_tabs(web: ASGIApp, platform: Platform, tenant: TenantRef, ctx: Context) -> None:
    interaction = await talk(ctx, await agent(platform, tenant, "anna"))
    assert f"A tab of call {interaction.id}" in await shown(web, tenant, f"/card/{interaction.id}")


async def test_hook_toolbar_actions(web: ASGIApp, platform: Platform, tenant: TenantRef, ctx: Context) -> None:
    interaction = await talk(ctx, await agent(platform, tenant, "anna"))
    assert "A button of the ear" in await shown(web, tenant, f"/card/{interaction.id}")


async def test_hook_agent_actions(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", SUPERVISOR)
    ben = await agent(platform, tenant, "ben")
    assert f"A button of agent {ben}" in await shown(web, tenant, f"/agents/{ben}", **{"hx-request": "true"})


async def test_hook_dashboard_widgets(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    part = {"hx-request": "true"}
    assert "A widget of the ear" in await shown(web, tenant, "/home/widgets", **part)


async def test_hook_workspace_sections(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    assert "A section of the ear" in await shown(web, tenant, "/window")


async def test_hook_bar_items(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    for address in ("/", "/workspace"):
        found = await shown(web, tenant, address)
        assert 'aria-label="A button of the bar" data-region data-quiet hx-get="/p/ear/"' in found
    await add_user(platform, tenant, "rita", KB_READER)
    async with client(web) as browser:
        await log_in(browser, "rita", tenant)
        assert "A button of the bar" not in (await browser.get("/")).text


async def test_hook_promise_released(ctx: Context) -> None:
    assert await ctx.first("promise_released", reference="ear:sound:1") is True
    assert await ctx.first("promise_released", reference="ear:sound:2") is None


async def test_hook_promise_put_off(app: App, ctx: Context) -> None:
    told = {"reference": "ear:sound:1", "due": datetime.now(UTC)}
    await ctx.tell("promise_put_off", **told)
    assert heard(app, "promise_put_off").arguments.items() >= told.items()


async def test_hook_promise_settled(app: App, ctx: Context) -> None:
    told = {"reference": "ear:sound:1", "kept": False}
    await ctx.tell("promise_settled", **told)
    assert heard(app, "promise_settled").arguments.items() >= told.items()


async def test_hook_promise_given(app: App, ctx: Context) -> None:
    told = {"reference": "ear:sound:1", "owner_id": 7}
    await ctx.tell("promise_given", **told)
    assert heard(app, "promise_given").arguments.items() >= told.items()


async def test_hook_interaction_page(web: ASGIApp, platform: Platform, tenant: TenantRef, ctx: Context) -> None:
    interaction = await talk(ctx, await agent(platform, tenant, "anna"))
    part = {"hx-request": "true"}
    assert f'href="/p/ear/?call={interaction.id}"' in await shown(web, tenant, "/window/work", **part)


async def test_hook_search(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    part = {"hx-request": "true"}
    assert "Sounds like thunder" in await shown(web, tenant, "/search/plugins?q=thunder", **part)
