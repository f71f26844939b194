"""The plugin loads: by itself, and beside all others."""

from __future__ import annotations

from collections.abc import Mapping

from core.app import load_plugins
from core.plugins.discovery import PluginRecord, PluginState
from core.plugins.registry import PluginRegistry
from switchroom.testing.app import App, make_settings, open_app
from switchroom.testing.contract.base import NO_DEFAULT_PLUGINS, ContractBase, refuse
from switchroom.testing.enabling import switch_on, with_requirements
from switchroom.testing.people import Client, add_person_who_may


class LoadingContract(ContractBase):
    """Discovery, registration, and the start of the web application."""

    def test_it_is_found_and_loads(self, switchroom_settings: Mapping[str, str]) -> None:
        registry = load_plugins(make_settings("postgresql://nobody@127.0.0.1/nothing", **switchroom_settings))
        refuse("The plugin does not load.", _faults(registry, self.plugin, PluginState.LOADED))

    async def test_it_works_with_all_other_plugins(self, app: App, record: PluginRecord) -> None:
        _ = app.web
        refuse("Beside all other plugins it is not ready.", _faults(app.plugins, self.plugin, PluginState.READY))

    async def test_it_works_alone(
        self, app: App, record: PluginRecord, switchroom_database: str, switchroom_settings: Mapping[str, str]
    ) -> None:
        needed = {other.name for other in with_requirements(app.plugins, self.plugin)}
        others = [other.name for other in app.plugins.records if other.name not in needed]
        blocked = {"SWITCHROOM__PLUGINS__BLOCKED": f"[{', '.join(others)}]"}
        alone = {**switchroom_settings, **NO_DEFAULT_PLUGINS, **blocked}
        async with open_app(switchroom_database, alone) as by_itself:
            _ = by_itself.web
            refuse("Without other plugins it is not ready.", _faults(by_itself.plugins, self.plugin, PluginState.READY))
            tenant = await by_itself.create_tenant("acme")
            await switch_on(by_itself.platform, tenant, self.plugin, self.settings or None)
            person = await add_person_who_may(by_itself.platform, tenant, "anna")
            async with Client(by_itself.web) as browser:
                await browser.log_in(person)
                home = await browser.get("/")
            assert home.status_code == 200, f"The home page answers {home.status_code} where it is the only plugin."

    async def test_it_starts_and_stops(self, app: App, record: PluginRecord) -> None:
        await app.start_plugins()
        refuse("It does not survive the start.", _faults(app.plugins, self.plugin, PluginState.READY))


def _faults(registry: PluginRegistry, name: str, wanted: PluginState) -> list[str]:
    record = registry.get(name)
    if record is None:
        found = ", ".join(sorted(other.name for other in registry.records)) or "none"
        return [
            f"There is no plugin {name!r}. Found: {found}. Install its distribution (`pip install -e .`), or name the "
            "folder above it in the fixture switchroom_settings."
        ]
    return [] if record.state is wanted else [f"{name} is {record.state.value}: {record.reason}"]
