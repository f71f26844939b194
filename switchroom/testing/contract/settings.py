"""Settings: they come back as they were stored, secrets stay secret, and those of older versions are still read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from core.database.connection import fetch_value
from core.plugins.context import Context
from core.plugins.discovery import PluginRecord
from switchroom.testing.app import App
from switchroom.testing.contract.base import ContractBase, Place, refuse
from switchroom.testing.enabling import switch_on
from switchroom.testing.people import Client
from switchroom.testing.routes import routes_of

SECRET = "a secret that nobody may see again"  # noqa: S105 - of tests


class SettingsContract(ContractBase):
    """What a tenant sets, through the service by which pages and the API store it."""

    async def test_a_tenant_can_enable_it_with_what_it_needs(self, app: App, place: Place) -> None:
        async with place.agent.context(self.plugin) as ctx:
            assert self.plugin in ctx.enabled_plugins, (
                "The plugin is not on after it was enabled: its settings do not fit its own schema. Give the schema "
                "defaults, or the contract `settings`."
            )

    async def test_settings_come_back_as_they_were_stored(self, app: App, place: Place) -> None:
        schema = _schema(app, self.plugin)
        given = {**_plain(schema.model_validate({**self.settings})), **self.settings}
        await switch_on(app.platform, place.tenant, self.plugin, given)
        async with place.agent.context(self.plugin) as ctx:
            assert ctx.settings == schema.model_validate(given), "Settings that were stored come back as others."

    async def test_an_unknown_key_is_refused(self, app: App, record: PluginRecord) -> None:
        schemas = [record.contributions.settings.tenant, record.contributions.settings.installation]
        findings = []
        for schema in schemas:
            if schema is not None and not _refuses_unknown(schema, self.settings):
                findings.append(f'{schema.__name__}: add `model_config = ConfigDict(extra="forbid")`')
        refuse("A setting that does not exist is accepted: a typing mistake would be ignored silently.", findings)

    async def test_a_secret_is_never_shown(self, app: App, place: Place) -> None:
        schema = _schema(app, self.plugin)
        secrets = _secrets(schema)
        if not secrets:
            pytest.skip("It has no secrets.")
        given = {**self.settings, **dict.fromkeys(secrets, SECRET)}
        await switch_on(app.platform, place.tenant, self.plugin, given)
        stored = await fetch_value(
            "SELECT settings::text FROM core_tenant_plugin WHERE tenant_id = $1 AND plugin = $2",
            place.tenant.id,
            self.plugin,
        )
        leaks = ["the database, in clear text"] if SECRET in str(stored) else []
        async with place.agent.context(self.plugin) as ctx:
            leaks += _shown(ctx)
        async with Client(app.web) as browser:
            await browser.log_in(place.agent)
            for route in routes_of(app.web):
                own = route.plugin == self.plugin or route.path.startswith(("/admin", "/api/v1"))
                if own and "GET" in route.handlers:
                    path = route.path.replace("{plugin:str}", self.plugin).replace("{name:str}", self.plugin)
                    if "{" not in path and SECRET in (await browser.get(path)).text:
                        leaks.append(path)
        refuse("A secret setting is shown.", leaks)

    async def test_settings_of_older_versions_are_still_read(self, app: App, record: PluginRecord) -> None:
        contributed = record.contributions.settings
        if contributed.tenant is None or contributed.version == 1:
            pytest.skip("Its settings have one version.")
        findings = []
        for version in range(1, contributed.version):
            old = self.stored_settings.get(version)
            if old is None:
                findings.append(f"version {version}: give what it stored in `stored_settings`")
                continue
            if contributed.migrate is None:
                findings.append(f"version {version}: register_settings names no function `migrate`")
                continue
            try:
                contributed.tenant.model_validate(contributed.migrate(version, dict(old)))
            except (ValidationError, LookupError, TypeError, ValueError) as error:
                findings.append(f"version {version}: {error}")
        refuse("Settings that an older version has stored cannot be read.", findings)


def _schema(app: App, plugin: str) -> type[BaseModel]:
    record = app.plugins.get(plugin)
    schema = record.contributions.settings.tenant if record else None
    if schema is None:
        pytest.skip("It has no settings.")
    return schema


def _plain(settings: BaseModel) -> dict[str, Any]:
    """JSON values, with secrets as they are: what a form sends."""
    values = settings.model_dump(mode="json")
    for name in _secrets(type(settings)):
        secret = getattr(settings, name)
        values[name] = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
    return values


def _secrets(schema: type[BaseModel]) -> list[str]:
    return [name for name, info in schema.model_fields.items() if "SecretStr" in str(info.annotation)]


def _refuses_unknown(schema: type[BaseModel], settings: Any) -> bool:
    try:
        schema.model_validate({**settings, "there_is_no_such_setting": True})
    except ValidationError as error:
        return any(detail["type"] == "extra_forbidden" for detail in error.errors())
    return False


def _shown(ctx: Context) -> list[str]:
    places = {"repr of the settings": repr(ctx.settings), "JSON of the settings": ctx.settings.model_dump_json()}
    return [place for place, text in places.items() if SECRET in text]
