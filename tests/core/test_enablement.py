"""Switching plugins on and off for a tenant: whole or not at all, refused with what is missing, and audited."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.audit.log import entries
from core.database.connection import execute, fetch, fetch_value
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.plugin_lifecycle import (
    TenantPluginView,
    disable_plugin,
    enable_plugin,
    enable_what_can_be,
    enable_with_requirements,
    overview,
    purge_plugin,
    save_plugin_settings,
)
from core.plugins.context import Actor, ActorKind, Context, Platform
from core.plugins.discovery import PluginState
from core.plugins.enablement import EnablementCache
from core.tenancy.context import TenantRef

pytestmark = pytest.mark.anyio

PLUGINS = Path(__file__).parent / "switchable_plugins"
ADMINISTRATOR = Actor(ActorKind.USER, user_id=None)
OPERATOR = Actor(ActorKind.OPERATOR, operator_id=3, name="Olga")


@pytest.fixture
def switchroom_settings() -> dict[str, str]:
    return {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(PLUGINS)])}


@pytest.fixture(name="ctx")
async def administrators_context(ctx: Context) -> Context:
    """Whoever acts is a person of the tenant."""
    return ctx.acting_as(ADMINISTRATOR)


async def seen(platform: Platform, ctx: Context, name: str) -> TenantPluginView:
    return next(view for view in await overview(platform, ctx) if view.name == name)


async def on(platform: Platform, ctx: Context) -> frozenset[str]:
    """What works, as the next request would see it."""
    async with platform.context(await platform.tenant(tenant_id=ctx.tenant.id)) as fresh:
        return fresh.enabled_plugins


def told(platform: Platform) -> list[tuple[str, str, bool]]:
    """What the plugin `base` was told, and whether it was on then."""
    record = platform.registry.get("base")
    assert record is not None
    heard: list[tuple[str, str, bool]] = getattr(record.plugin, "told")  # noqa: B009 - each plugin has its own class
    return heard


async def actions(ctx: Context) -> list[tuple[str, str]]:
    return [
        (entry.action, entry.subject_name) for entry in reversed(await entries(ctx.tenant.id, actor=str(ctx.actor)))
    ]


async def test_a_plugin_is_switched_on_for_one_tenant_alone(
    platform: Platform, ctx: Context, other_tenant: TenantRef
) -> None:
    await enable_plugin(platform, ctx, "base")

    assert "base" in await on(platform, ctx)
    async with platform.context(await platform.tenant(tenant_id=other_tenant.id)) as theirs:
        assert "base" not in theirs.enabled_plugins
    assert told(platform)[-1] == ("enabled", "acme", True)
    assert await actions(ctx) == [("core.plugin_enabled", "base")]


async def test_it_is_live_in_another_process_with_the_next_request(platform: Platform, ctx: Context) -> None:
    elsewhere = EnablementCache(platform.registry, platform.enablement.reader)
    assert "base" not in (await elsewhere.of(await platform.tenant(slug="acme"))).plugins

    await enable_plugin(platform, ctx, "base")
    assert "base" in (await elsewhere.of(await platform.tenant(slug="acme"))).plugins

    await disable_plugin(platform, ctx, "base")
    assert "base" not in (await elsewhere.of(await platform.tenant(slug="acme"))).plugins


async def test_what_is_on_stays_as_it_is_and_is_not_told_again(platform: Platform, ctx: Context) -> None:
    await enable_plugin(platform, ctx, "base")
    before = len(told(platform))
    await enable_plugin(platform, ctx, "base")

    assert len(told(platform)) == before
    assert await actions(ctx) == [("core.plugin_enabled", "base")]


async def test_a_plugin_without_what_it_requires_is_refused_naming_it(platform: Platform, ctx: Context) -> None:
    with pytest.raises(Conflict, match=r"till.*needs base, shop") as refused:
        await enable_plugin(platform, ctx, "till", settings={"number": 1, "key": "k"})

    assert refused.value.mend
    assert refused.value.code == "requires_plugins"
    assert not {"base", "shop", "till"} & await on(platform, ctx)
    assert await actions(ctx) == []


async def test_a_plugin_is_switched_on_with_all_that_it_requires_in_order(platform: Platform, ctx: Context) -> None:
    switched = await enable_with_requirements(platform, ctx, "till", settings={"number": 1, "key": "k"})

    assert switched == ["base", "shop", "till"]
    assert {"base", "shop", "till"} <= await on(platform, ctx)


async def test_when_one_of_several_cannot_be_none_is(platform: Platform, ctx: Context) -> None:
    await save_plugin_settings(platform, ctx, "shop", {"mood": "bad"})

    with pytest.raises(Conflict, match=r"shop.*could not prepare itself.*not today"):
        await enable_with_requirements(platform, ctx, "till", settings={"number": 1, "key": "k"})

    assert not {"base", "shop", "till"} & await on(platform, ctx)
    assert await fetch_value("SELECT name FROM core_tenant WHERE id = $1", ctx.tenant.id) == "Acme"
    assert [action for action, _name in await actions(ctx)] == ["core.plugin_settings_saved"]
    assert (await seen(platform, ctx, "till")).changed_at is None


async def test_settings_that_must_be_set_are_asked_for(platform: Platform, ctx: Context) -> None:
    await enable_with_requirements(platform, ctx, "shop")

    with pytest.raises(InvalidInput) as refused:
        await enable_plugin(platform, ctx, "till")

    assert set(refused.value.fields) == {"number", "key"}
    assert "till" not in await on(platform, ctx)


async def test_settings_that_were_saved_before_are_used(platform: Platform, ctx: Context) -> None:
    await enable_with_requirements(platform, ctx, "shop")
    await save_plugin_settings(platform, ctx, "till", {"number": 4, "key": "k"})
    assert not (await seen(platform, ctx, "till")).enabled

    await enable_plugin(platform, ctx, "till")

    assert "till" in await on(platform, ctx)


async def test_a_restricted_plugin_is_for_the_vendor_to_switch_on(platform: Platform, ctx: Context) -> None:
    with pytest.raises(Forbidden, match="vip"):
        await enable_plugin(platform, ctx, "vip")
    assert (await seen(platform, ctx, "vip")).restricted

    await enable_plugin(platform, ctx.acting_as(OPERATOR), "vip")

    assert "vip" in await on(platform, ctx)
    assert (await entries(ctx.tenant.id, action="core.plugin_enabled"))[0].actor_name == "Olga"


async def test_a_plugin_that_is_not_ready_is_refused_with_the_reason(platform: Platform, ctx: Context) -> None:
    platform.registry.get("base").fail(PluginState.BROKEN, "It could not start: no.")

    with pytest.raises(Conflict, match="It could not start: no"):
        await enable_plugin(platform, ctx, "base")
    with pytest.raises(Conflict, match="base"):
        await enable_with_requirements(platform, ctx, "shop")


async def test_a_plugin_that_is_not_installed_is_not_found(platform: Platform, ctx: Context) -> None:
    with pytest.raises(NotFound, match="nonsense"):
        await enable_plugin(platform, ctx, "nonsense")


async def test_of_a_new_tenants_plugins_those_are_on_that_can_be(platform: Platform, ctx: Context) -> None:
    refused = await enable_what_can_be(platform, ctx, ["till", "nonsense", "base"])

    assert set(refused) == {"till", "nonsense"}
    assert "base" in await on(platform, ctx)


async def test_a_plugin_that_others_need_is_not_switched_off(platform: Platform, ctx: Context) -> None:
    await enable_with_requirements(platform, ctx, "shop")
    assert (await seen(platform, ctx, "base")).required_by == ("shop",)

    with pytest.raises(Conflict, match=r"base.*needed by shop"):
        await disable_plugin(platform, ctx, "base")

    assert "base" in await on(platform, ctx)


async def test_switching_off_tells_the_plugin_afterwards_and_keeps_its_data(platform: Platform, ctx: Context) -> None:
    await enable_with_requirements(platform, ctx, "shop", settings={"mood": "fine"})
    await disable_plugin(platform, ctx, "shop")
    await disable_plugin(platform, ctx, "base")
    await disable_plugin(platform, ctx, "base")

    assert not {"base", "shop"} & await on(platform, ctx)
    # It is told of a tenant as it was, and whatever it raises, it is off.
    assert told(platform)[-1] == ("disabled", "acme", True)
    assert await fetch_value("SELECT settings FROM core_tenant_plugin WHERE plugin = 'shop'") == '{"mood": "fine"}'
    assert (await actions(ctx))[-2:] == [("core.plugin_disabled", "shop"), ("core.plugin_disabled", "base")]


async def test_two_administrators_at_once_leave_nothing_without_what_it_requires(
    platform: Platform, ctx: Context
) -> None:
    for _ in range(5):
        await enable_plugin(platform, ctx, "base")
        await asyncio.gather(
            enable_plugin(platform, ctx, "shop"), disable_plugin(platform, ctx, "base"), return_exceptions=True
        )
        state = await platform.enablement.read(ctx.tenant.id)
        assert state.chosen & {"base", "shop"} in ({"base", "shop"}, set())
        for name in ("shop", "base"):
            await disable_plugin(platform, ctx, name)


async def test_a_plugin_whose_requirement_is_not_ready_says_so(platform: Platform, ctx: Context) -> None:
    await enable_with_requirements(platform, ctx, "shop")
    platform.registry.get("base").fail(PluginState.NEEDS_MIGRATION, "Its tables are not up to date.")

    views = {view.name: view for view in await overview(platform, ctx)}

    assert (views["base"].enabled, views["base"].on, views["base"].state) == (True, False, "needs_migration")
    assert views["base"].reason == "Its tables are not up to date."
    assert (views["shop"].enabled, views["shop"].on) == (True, False)
    assert views["shop"].suspended_reason == "It needs the plugin base, which is off."


async def test_the_overview_shows_a_chosen_plugin_that_is_not_installed(platform: Platform, ctx: Context) -> None:
    await execute(
        "INSERT INTO core_tenant_plugin (tenant_id, plugin, enabled, settings, changed_at) "
        "VALUES ($1, 'gone', true, '{}', now())",
        ctx.tenant.id,
    )

    view = await seen(platform, ctx, "gone")
    assert (view.state, view.enabled, view.on) == ("missing", True, False)

    await disable_plugin(platform, ctx, "gone")
    assert "gone" not in {view.name for view in await overview(platform, ctx)}


async def test_the_overview_tells_what_a_page_needs(platform: Platform, ctx: Context) -> None:
    await enable_with_requirements(platform, ctx, "shop")

    shop = await seen(platform, ctx, "shop")

    assert shop == replace(
        shop, version="2.0", state="ready", reason="", enabled=True, on=True, draining=False, suspended_reason="",
        restricted=False, requires=("base",), required_by=(), has_settings=True,
    )  # fmt: skip
    assert shop.changed_at is not None
    assert not (await seen(platform, ctx, "base")).has_settings


async def put_stock(ctx: Context, shelves: int) -> None:
    below = None
    for _ in range(shelves):
        below = await fetch_value(
            "INSERT INTO stock_shelf (tenant_id, below_id) VALUES ($1, $2) RETURNING id", ctx.tenant.id, below
        )
        await execute("INSERT INTO stock_arrival (tenant_id, shelf_id) VALUES ($1, $2)", ctx.tenant.id, below)


async def test_purging_deletes_what_the_plugin_keeps_of_this_tenant(
    platform: Platform, ctx: Context, other_tenant: TenantRef
) -> None:
    await enable_plugin(platform, ctx, "stock")
    async with platform.context(other_tenant) as theirs:
        await enable_plugin(platform, theirs, "stock")
        await put_stock(theirs, 2)
    await put_stock(ctx, 3)
    await execute("INSERT INTO stock_country (id) VALUES (1)")
    await execute(
        "INSERT INTO core_lookup_entry (tenant_id, lookup, code, names, values, position, active) "
        "VALUES ($1, 'stock.kinds', 'a', '{}', '{}', 0, true), ($1, 'core.reasons', 'a', '{}', '{}', 0, true)",
        ctx.tenant.id,
    )
    await execute(
        "INSERT INTO core_form_definition (tenant_id, form, version, digest, schema, created_at) "
        "VALUES ($1, 'stock:count', 1, 'd', '{}', now()), ($1, 'stockings:x', 1, 'd', '{}', now())",
        ctx.tenant.id,
    )
    await disable_plugin(platform, ctx, "stock")

    counts = await purge_plugin(platform, ctx, "stock")

    assert counts == {
        "stock_arrival": 3, "stock_shelf": 3, "core_form_definition": 1, "core_lookup_entry": 1,
        "core_tenant_plugin": 1,
    }  # fmt: skip
    left = await fetch("SELECT tenant_id FROM stock_shelf UNION ALL SELECT tenant_id FROM stock_arrival")
    assert [row["tenant_id"] for row in left] == [other_tenant.id] * 4
    assert await fetch_value("SELECT count(*) FROM stock_country") == 1
    assert await fetch_value("SELECT form FROM core_form_definition") == "stockings:x"
    entry = (await entries(ctx.tenant.id, action="core.plugin_purged"))[0]
    assert (entry.subject_name, entry.after) == ("stock", {"deleted": counts})


async def test_what_is_on_or_did_not_load_is_not_purged(platform: Platform, ctx: Context) -> None:
    await enable_plugin(platform, ctx, "stock")
    await put_stock(ctx, 1)

    with pytest.raises(Conflict, match="is on"):
        await purge_plugin(platform, ctx, "stock")
    with pytest.raises(Conflict, match="nobody knows its tables"):
        await purge_plugin(platform, ctx, "gone")

    assert await fetch_value("SELECT count(*) FROM stock_shelf") == 1


async def test_a_plugin_that_carries_interactions_stays_until_they_have_ended(
    platform: Platform, ctx: Context, jobs: Any
) -> None:
    insert = (
        "INSERT INTO core_interaction (tenant_id, channel, direction, state, state_since, queue, priority, "
        "waiting_since, contact_name, contact_number, subject, cause, created_at) VALUES "
        "($1, 'voice', 'inbound', $2, now(), '', 0, now(), '', '', '', '', now()) RETURNING id"
    )
    await fetch_value(insert, ctx.tenant.id, "closed")
    call = await fetch_value(insert, ctx.tenant.id, "active")

    await disable_plugin(platform, ctx, "telephony")

    view = await seen(platform, ctx, "telephony")
    assert (view.enabled, view.on, view.draining) == (False, True, True)
    async with platform.context(await platform.tenant(slug="acme")) as fresh:
        assert "telephony" in fresh.enabled_plugins
        assert "voice" not in fresh.channels
    await jobs.let_time_pass("core.finish_switching_off")
    assert (await seen(platform, ctx, "telephony")).draining

    await execute("UPDATE core_interaction SET state = 'closed' WHERE id = $1", call)
    await jobs.let_time_pass("core.finish_switching_off")

    view = await seen(platform, ctx, "telephony")
    assert (view.enabled, view.on, view.draining) == (False, False, False)
    assert await jobs.waiting() == []


async def test_a_plugin_that_is_being_switched_off_can_be_switched_on_again(
    platform: Platform, ctx: Context, jobs: Any
) -> None:
    await execute(
        "INSERT INTO core_interaction (tenant_id, channel, direction, state, state_since, queue, priority, "
        "waiting_since, contact_name, contact_number, subject, cause, created_at) VALUES "
        "($1, 'voice', 'inbound', 'active', now(), '', 0, now(), '', '', '', '', now())",
        ctx.tenant.id,
    )
    await disable_plugin(platform, ctx, "telephony")

    await enable_plugin(platform, ctx, "telephony")
    await jobs.let_time_pass("core.finish_switching_off")

    view = await seen(platform, ctx, "telephony")
    assert (view.enabled, view.on, view.draining) == (True, True, False)
