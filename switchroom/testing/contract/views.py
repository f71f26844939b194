"""What people see: every page, panel, tab and widget of the plugin answers who may see it, with sound HTML."""

from __future__ import annotations

from typing import Any

import httpx

from core.agents.views import get_agent
from core.interactions.rows import get_interaction
from core.plugins.context import Context
from core.plugins.contributions import Opens
from core.plugins.discovery import PluginRecord
from switchroom.testing.app import App
from switchroom.testing.contract.base import ContractBase, Place, refuse
from switchroom.testing.html import html_problems
from switchroom.testing.people import Client
from switchroom.testing.routes import routes_of
from switchroom.testing.sweeping import MINE, body_of

LISTS = ("navigation_items", "admin_pages", "agent_panels", "dashboard_widgets")
OF_INTERACTIONS = ("card_tabs", "toolbar_actions")
OF_AGENTS = ("agent_actions",)


class ViewsContract(ContractBase):
    """With rows to show and without any, in every language."""

    async def test_everything_that_is_shown_can_be_opened(self, app: App, place: Place) -> None:
        findings = []
        for arranged in (False, True):
            async with place.agent.context(self.plugin) as ctx:
                if arranged:
                    await self.arrange(ctx)
                shown = await self._shown(app, place, ctx)
            for hook, entry in shown:
                if getattr(entry, "opens", None) is Opens.POST:
                    continue
                for language in ("en", "ru"):
                    answer = await _open(app, place, entry.url, language)
                    where = f"{hook} {entry.id!r}, {entry.url}, {'with' if arranged else 'without'} rows, {language}"
                    if answer.status_code not in (200, 204):
                        findings.append(f"{where}: answers {answer.status_code}")
                    findings += [f"{where}: {problem}" for problem in _html_problems(answer)]
        refuse("Something that people see cannot be opened.", findings)

    async def test_what_is_shown_asks_for_declared_permissions(self, app: App, place: Place) -> None:
        declared = {permission.name for record in app.plugins.ready for permission in record.contributions.permissions}
        async with place.agent.context(self.plugin) as ctx:
            shown = await self._shown(app, place, ctx)
        refuse(
            "An entry is shown to nobody: no role can have its permission.",
            [
                f"{hook} {entry.id!r} asks for {entry.permission!r}"
                for hook, entry in shown
                if entry.permission and not entry.permission.startswith("core.") and entry.permission not in declared
            ],
        )

    async def test_ids_of_what_is_shown_are_unique(self, app: App, place: Place) -> None:
        async with place.agent.context(self.plugin) as ctx:
            shown = await self._shown(app, place, ctx)
        ids = [(hook, entry.id) for hook, entry in shown]
        twice = {f"{hook} {name!r}" for hook, name in ids if ids.count((hook, name)) > 1}
        refuse("Two entries have one id.", sorted(twice))

    async def test_no_route_fails(self, app: App, place: Place, record: PluginRecord) -> None:
        async with place.agent.context(self.plugin) as ctx:
            given = await self.arrange(ctx)
            await self.conversation(place, ctx)
        findings = []
        for route in routes_of(app.web):
            if route.plugin != self.plugin or "/static/" in route.path:
                continue
            for method in route.methods:
                path = await self._path(place, route.path, given)
                async with Client(app.web) as browser:
                    await browser.log_in(place.agent)
                    answer = await browser.request(method, path, **body_of(route.handlers[method], MINE))
                if answer.status_code >= 500:
                    findings.append(f"{method} {path} answers {answer.status_code}: {_problem(answer)}")
                elif method == "GET":
                    findings += [f"GET {path}: {problem}" for problem in _html_problems(answer)]
        refuse("A route fails.", findings)

    async def _shown(self, app: App, place: Place, ctx: Context) -> list[tuple[str, Any]]:
        """Pairs of a hook and what this plugin alone answers to it."""
        app.hooks.clear()
        for hook in LISTS:
            await ctx.collect(hook)
        segment = await self.conversation(place, ctx)
        if segment is not None:
            interaction = await get_interaction(ctx, segment.interaction_id)
            for hook in OF_INTERACTIONS:
                await ctx.collect(hook, interaction=interaction)
            agent = await get_agent(ctx, segment.agent_id)
            for hook in OF_AGENTS:
                await ctx.collect(hook, agent=agent)
        return [
            (hook, entry)
            for hook in (*LISTS, *OF_INTERACTIONS, *OF_AGENTS)
            for call in app.hooks.of(hook, self.plugin)
            for entry in _entries(call.result)
        ]

    async def _path(self, place: Place, template: str, given: Any) -> str:
        names = [part.strip("{}").partition(":") for part in template.split("/") if part.startswith("{")]
        values = await self.values_for(place, [name for name, _colon, _kind in names], given)
        for name, colon, kind in names:
            template = template.replace(f"{{{name}{colon}{kind}}}", str(values[name]))
        return template


def _entries(result: Any) -> list[Any]:
    """What a hook has given, as far as it can be shown: of the rest, the contract of hooks says that it is wrong."""
    entries = list(result) if isinstance(result, list | tuple) else [result]
    return [entry for entry in entries if hasattr(entry, "url")]


async def _open(app: App, place: Place, url: str, language: str) -> httpx.Response:
    async with Client(app.web, **{"accept-language": language}) as browser:
        await browser.log_in(place.agent)
        browser.cookies.set("switchroom_language", language)
        return await browser.get(url)


def _problem(answer: httpx.Response) -> str:
    return answer.text[:200].replace("\n", " ")


def _html_problems(answer: httpx.Response) -> list[str]:
    if answer.status_code != 200 or "text/html" not in answer.headers.get("content-type", ""):
        return []
    return html_problems(answer.text)
