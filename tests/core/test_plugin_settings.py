"""A plugin's settings of a tenant: layers, secrets, versions, and the check before they are saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from core.app import load_plugins
from core.audit.log import entries
from core.database.connection import execute, fetch_row, fetch_value
from core.database.transaction import in_one
from core.errors import Conflict, InvalidInput, NotFound, StartupError
from core.plugin_lifecycle import enable_with_requirements, overview, save_plugin_settings, shown_settings
from core.plugins.context import Context, Platform
from core.plugins.contributions import PluginSettings
from core.plugins.discovery import PluginRecord
from core.plugins.enablement import EnablementCache
from core.plugins.settings import SECRET_SET, SECRET_UNSET, SettingsReader, UnusableSettings, masked, upgrade
from core.tenancy.context import TenantRef
from core.tenant_plugins.settings import bring_settings_up_to_date
from tests.conftest import make_settings

pytestmark = pytest.mark.anyio

PLUGINS = Path(__file__).parent / "switchable_plugins"
DIRS = {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(PLUGINS)])}
DEFAULTS = {"SWITCHROOM__PLUGINS__TENANT_DEFAULTS": json.dumps({"shop": {"retries": 5, "mood": "fine"}})}
PASSWORD = "correct horse"


@pytest.fixture
def switchroom_settings() -> dict[str, str]:
    return DIRS | DEFAULTS


@pytest.fixture(name="ctx")
async def with_shop(platform: Platform, ctx: Context) -> Context:
    """The shop is on."""
    await enable_with_requirements(platform, ctx, "shop")
    return ctx


async def settings(platform: Platform, slug: str = "acme", plugin: str = "shop") -> Any:
    """What the plugin sees with the next request."""
    async with platform.context(await platform.tenant(slug=slug)) as fresh:
        return fresh.for_plugin(plugin).settings


async def shown(platform: Platform, ctx: Context, plugin: str = "shop") -> dict[str, Any]:
    record = platform.registry.get(plugin)
    assert record is not None
    return shown_settings(record, await platform.enablement.read(ctx.tenant.id))


async def stored(ctx: Context, plugin: str = "shop") -> dict[str, Any]:
    return dict(
        json.loads(
            await fetch_value(
                "SELECT settings FROM core_tenant_plugin WHERE tenant_id = $1 AND plugin = $2", ctx.tenant.id, plugin
            )
        )
    )


def checked(platform: Platform) -> list[Any]:
    record = platform.registry.get("shop")
    assert record is not None
    found: list[Any] = getattr(record.plugin, "checked")  # noqa: B009 - each plugin has its own class
    return found


async def test_each_layer_lies_over_the_one_before(platform: Platform, ctx: Context, other_tenant: TenantRef) -> None:
    await save_plugin_settings(platform, ctx, "shop", {"mood": "great"})

    own = await settings(platform)
    assert (own.address, own.retries, own.mood) == ("https://shop.test", 5, "great")
    theirs = await settings(platform, "globex")
    assert (theirs.address, theirs.retries, theirs.mood) == ("https://shop.test", 5, "fine")


async def test_what_is_left_out_has_its_default_again(platform: Platform, ctx: Context) -> None:
    await save_plugin_settings(platform, ctx, "shop", {"mood": "great", "retries": 1})
    await save_plugin_settings(platform, ctx, "shop", {"retries": 2})

    saved = await settings(platform)
    assert (saved.mood, saved.retries) == ("fine", 2)


async def test_settings_are_read_once_per_change(platform: Platform, ctx: Context) -> None:
    assert await settings(platform) is await settings(platform)
    before = await settings(platform)

    await save_plugin_settings(platform, ctx, "shop", {})

    assert await settings(platform) is not before


async def test_a_plugin_without_settings_has_none(platform: Platform, ctx: Context) -> None:
    assert await settings(platform, plugin="base") is None
    assert await shown(platform, ctx, "base") == {}
    with pytest.raises(InvalidInput, match="base"):
        await save_plugin_settings(platform, ctx, "base", {"x": 1})


@pytest.mark.parametrize(
    ("values", "field", "text"),
    [
        ({"adress": "x"}, "adress", "Did you mean address?"),
        ({"zzz": "x"}, "zzz", "Known are: address"),
        ({"retries": 10}, "retries", "less than or equal to 9"),
        ({"retries": "many"}, "retries", "integer"),
        ({"branches": ["Omsk", None]}, "branches.1", "valid string"),
        ({"address": "nowhere"}, "address", "Nobody answers there."),
    ],
)
async def test_what_cannot_be_used_is_refused_by_field_and_nothing_changes(
    platform: Platform, ctx: Context, values: dict[str, Any], field: str, text: str
) -> None:
    await save_plugin_settings(platform, ctx, "shop", {"mood": "great"})

    with pytest.raises(InvalidInput) as refused:
        await save_plugin_settings(platform, ctx, "shop", values)

    assert text in refused.value.fields[field]
    assert await stored(ctx) == {"mood": "great"}


async def test_an_unknown_plugin_is_not_found(platform: Platform, ctx: Context) -> None:
    with pytest.raises(NotFound):
        await save_plugin_settings(platform, ctx, "nonsense", {})


async def test_the_plugin_checks_them_outside_of_any_transaction_before_they_are_saved(
    platform: Platform, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = len(checked(platform))
    with pytest.raises(InvalidInput, match="Try another shop"):
        await save_plugin_settings(platform, ctx, "shop", {"address": "nowhere", "password": PASSWORD})
    assert checked(platform)[count].password.get_secret_value() == PASSWORD

    with pytest.raises(Conflict, match="could not check its settings: ConnectionError: the line is dead"):
        await save_plugin_settings(platform, ctx, "shop", {"address": "crash"})
    assert not in_one()
    assert await stored(ctx) == {}


async def test_a_secret_is_encrypted_and_never_shown(platform: Platform, ctx: Context) -> None:
    await save_plugin_settings(platform, ctx, "shop", {"password": PASSWORD, "branches": ["Omsk"]})

    raw = json.dumps(await stored(ctx))
    assert PASSWORD not in raw
    saved = await settings(platform)
    assert saved.password.get_secret_value() == PASSWORD
    assert saved.branches == ("Omsk",)
    seen = await shown(platform, ctx)
    assert seen["password"] == SECRET_SET
    assert seen["branches"] == ["Omsk"]
    log = json.dumps([[entry.before, entry.after] for entry in await entries(ctx.tenant.id)])
    assert PASSWORD not in log


class Branch(BaseModel):
    """A part of settings, with a secret of its own."""

    city: str
    pin: SecretStr


class Chain(BaseModel):
    """Settings with parts."""

    branches: tuple[Branch, ...] = ()


async def test_a_secret_inside_a_part_is_encrypted_and_masked_too(platform: Platform) -> None:
    record = PluginRecord("chain", "", Path(), "chain")
    record.contributions.settings = PluginSettings(tenant=Chain)
    reader = platform.enablement.reader

    saved, values = reader.accept(record, {}, {"branches": [{"city": "Omsk", "pin": "4711"}]})

    assert "4711" not in json.dumps(values)
    assert reader.resolve(record, values) == saved
    assert masked(saved) == {"branches": [{"city": "Omsk", "pin": SECRET_SET}]}


@pytest.mark.parametrize("given", [{}, {"password": ""}, {"password": SECRET_SET}])
async def test_a_secret_that_is_not_given_again_is_kept(
    platform: Platform, ctx: Context, given: dict[str, Any]
) -> None:
    await save_plugin_settings(platform, ctx, "shop", {"password": PASSWORD})

    await save_plugin_settings(platform, ctx, "shop", {"mood": "great", **given})

    saved = await settings(platform)
    assert (saved.mood, saved.password.get_secret_value()) == ("great", PASSWORD)


async def test_a_secret_can_be_changed_and_removed(platform: Platform, ctx: Context) -> None:
    await save_plugin_settings(platform, ctx, "shop", {"password": PASSWORD})
    await save_plugin_settings(platform, ctx, "shop", {"password": "another"})
    assert (await settings(platform)).password.get_secret_value() == "another"
    assert (await entries(ctx.tenant.id, action="core.plugin_settings_saved"))[0].after == {
        "password": {"secret": "changed"}
    }

    await save_plugin_settings(platform, ctx, "shop", {"password": None})

    assert (await settings(platform)).password is None
    assert "password" not in await stored(ctx)


async def test_what_is_shown_can_be_saved_as_it_is(platform: Platform, ctx: Context) -> None:
    await save_plugin_settings(platform, ctx, "shop", {"password": PASSWORD, "retries": 7})
    before = await settings(platform)

    await save_plugin_settings(platform, ctx, "shop", await shown(platform, ctx))

    assert await settings(platform) == before


async def test_a_secret_under_the_key_before_is_read_and_one_under_no_key_suspends(
    platform: Platform, ctx: Context, database_url: str
) -> None:
    await save_plugin_settings(platform, ctx, "shop", {"password": PASSWORD})
    key = platform.settings.secret_key
    assert key is not None
    other = {"SWITCHROOM__SECRET_KEY": "another key that is just as long as it must be"}

    rotated = make_settings(database_url, **other, SWITCHROOM__SECRET_KEY_PREVIOUS=key.get_secret_value())
    read = await EnablementCache(platform.registry, SettingsReader(rotated)).read(ctx.tenant.id)
    assert read.settings["shop"].password.get_secret_value() == PASSWORD  # type: ignore[attr-defined]

    lost = await EnablementCache(platform.registry, SettingsReader(make_settings(database_url, **other))).read(
        ctx.tenant.id
    )
    assert "shop" not in lost.plugins
    assert "cannot be deciphered" in lost.suspended["shop"]


async def store(ctx: Context, values: dict[str, Any], version: int) -> None:
    """Settings as an earlier version of the plugin has left them."""
    await execute(
        "UPDATE core_tenant_plugin SET settings = $2::text::jsonb, schema_version = $3 "
        "WHERE tenant_id = $1 AND plugin = 'shop'",
        ctx.tenant.id,
        json.dumps(values),
        version,
    )
    await execute("UPDATE core_tenant SET enablement_version = enablement_version + 1 WHERE id = $1", ctx.tenant.id)


async def test_settings_of_an_older_version_are_brought_to_this_one_and_stored(
    platform: Platform, ctx: Context
) -> None:
    await store(ctx, {"url": "https://old.test"}, 1)

    assert (await settings(platform)).address == "https://old.test"

    row = await fetch_row("SELECT settings, schema_version FROM core_tenant_plugin WHERE plugin = 'shop'")
    assert row == {"settings": '{"address": "https://old.test"}', "schema_version": 2}


@pytest.mark.parametrize(
    ("values", "version", "reason"),
    [
        ({"url": "broken"}, 1, "could not be brought to version 2: ValueError: nobody can read this"),
        ({"size": 3}, 1, "do not fit: size: There is no such setting."),
        ({"address": "https://new.test"}, 3, "saved by a newer version"),
    ],
)
async def test_settings_that_cannot_be_used_suspend_the_plugin_for_that_tenant_alone(
    platform: Platform, ctx: Context, other_tenant: TenantRef, values: dict[str, Any], version: int, reason: str
) -> None:
    async with platform.context(other_tenant) as theirs:
        await enable_with_requirements(platform, theirs, "shop")
    await store(ctx, values, version)

    assert await settings(platform) is None
    async with platform.context(await platform.tenant(slug="acme")) as fresh:
        assert "shop" not in fresh.enabled_plugins
    async with platform.context(await platform.tenant(slug="globex")) as theirs:
        assert "shop" in theirs.enabled_plugins
    view = next(view for view in await overview(platform, ctx) if view.name == "shop")
    assert (view.enabled, view.on) == (True, False)
    assert reason in view.suspended_reason
    row = await fetch_row(
        "SELECT settings, suspended_reason FROM core_tenant_plugin WHERE plugin = 'shop' AND tenant_id = $1",
        ctx.tenant.id,
    )
    assert row is not None
    assert json.loads(row["settings"]) == values
    assert reason in row["suspended_reason"]


async def test_saving_settings_mends_a_suspended_plugin(platform: Platform, ctx: Context) -> None:
    await store(ctx, {"url": "broken"}, 1)
    assert await settings(platform) is None
    assert (await shown(platform, ctx))["password"] == SECRET_UNSET

    await save_plugin_settings(platform, ctx, "shop", {"address": "https://new.test"})

    assert (await settings(platform)).address == "https://new.test"
    assert await fetch_value("SELECT suspended_reason FROM core_tenant_plugin WHERE plugin = 'shop'") == ""


async def test_a_scheduler_brings_up_to_date_what_nobody_looks_at(platform: Platform, ctx: Context) -> None:
    await store(ctx, {"url": "https://old.test"}, 1)

    await bring_settings_up_to_date(platform)

    assert await stored(ctx) == {"address": "https://old.test"}


async def test_an_upgrade_leaves_this_version_alone(platform: Platform) -> None:
    record = platform.registry.get("shop")
    assert record is not None
    contributed = record.contributions.settings
    assert upgrade(contributed, 2, {"url": "x"}) == {"url": "x"}
    with pytest.raises(UnusableSettings):
        upgrade(contributed, 3, {})


@pytest.mark.parametrize(
    ("defaults", "said"),
    [
        ({"shop": {"retires": 1}}, "plugins.tenant_defaults.shop.retires: .*Did you mean retries"),
        ({"shop": {"retries": 10}}, "plugins.tenant_defaults.shop.retries"),
        ({"base": {"x": 1}}, "plugins.tenant_defaults.base.x"),
        ({"shopp": {}}, "no plugin shopp. Did you mean shop"),
    ],
)
def test_defaults_that_a_plugin_does_not_accept_keep_the_server_from_starting(
    defaults: dict[str, Any], said: str
) -> None:
    variable = {"SWITCHROOM__PLUGINS__TENANT_DEFAULTS": json.dumps(defaults)}
    with pytest.raises(StartupError, match=said):
        load_plugins(make_settings("postgresql://localhost/none", **DIRS, **variable))


def test_defaults_may_be_a_part_of_what_must_be_set() -> None:
    defaults = json.dumps({"till": {"number": 3}})
    load_plugins(make_settings("postgresql://localhost/none", **DIRS, SWITCHROOM__PLUGINS__TENANT_DEFAULTS=defaults))
