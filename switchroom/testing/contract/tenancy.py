"""Nothing of one tenant is read or changed by another."""

from __future__ import annotations

from tortoise import Tortoise
from tortoise.exceptions import DoesNotExist, IntegrityError
from tortoise.models import Model

from core.errors import NotFound
from core.plugins.discovery import PluginRecord
from core.tenancy.audit import audit_models
from core.tenancy.context import NoTenant
from core.tenancy.models import TenantModel
from switchroom.testing.app import App
from switchroom.testing.contract.base import ContractBase, Place, refuse
from switchroom.testing.people import Client
from switchroom.testing.routes import Route, Seen, routes_of, seen
from switchroom.testing.snapshot import snapshot
from switchroom.testing.sweeping import NOBODYS, THEIRS, Values, all_rows, body_of, fill_every_table, path_of


class TenancyContract(ContractBase):
    """Every route with ids of another tenant, and every model from inside another one.

    The other tenant has a row in every table there is, each with the same id and the same texts. What a route answers
    to these must be what it answers to ids and texts that nobody has.
    """

    async def test_ids_of_another_tenant_are_answered_like_ids_of_nobody(self, app: App, place: Place) -> None:
        theirs = await app.create_tenant("globex")
        await fill_every_table(app.platform, theirs)
        before = await all_rows(theirs)
        leaks = []
        async with snapshot() as rows:
            for route in _own_routes(app, self.plugin):
                for method in route.methods:
                    if not route.has_parameters and not body_of(route.handlers[method], THEIRS):
                        continue  # it names nothing
                    answers = []
                    for values in (THEIRS, NOBODYS):
                        answers.append(await _ask(place, route, method, values))
                        after = await all_rows(theirs)
                        changed = ", ".join(table for table in before if before[table] != after[table])
                        if changed:
                            leaks.append(f"{method} {route.path} has changed rows of another tenant in {changed}")
                        if method != "GET":
                            # What the first request makes must not be there for the second.
                            await rows.restore()
                    leaks += _told(f"{method} {route.path}", *answers)
        refuse("A route tells or changes something of another tenant.", leaks)

    async def test_no_page_shows_anything_of_another_tenant(self, app: App, place: Place) -> None:
        await fill_every_table(app.platform, await app.create_tenant("globex"))
        leaks = []
        async with Client(app.web) as browser:
            await browser.log_in(place.agent)
            for route in _own_routes(app, self.plugin):
                if "GET" in route.methods and not route.has_parameters:
                    path = route.path.replace("{tenant:str}", place.tenant.slug)
                    answer = await browser.get(path)
                    if THEIRS.text in answer.text or str(THEIRS.number) in answer.text:
                        leaks.append(f"GET {path} shows a row of another tenant")
        refuse("A page shows something of another tenant.", leaks)

    async def test_no_hook_tells_anything_of_another_tenant(self, app: App, place: Place) -> None:
        await fill_every_table(app.platform, await app.create_tenant("globex"))
        leaks = []
        async with place.agent.context() as ctx:
            await self.conversation(place, ctx)
            told = {
                "search": await ctx.collect("search", query=THEIRS.text, limit=20),
                "navigation_items": await ctx.collect("navigation_items"),
                "dashboard_widgets": await ctx.collect("dashboard_widgets"),
                "agent_panels": await ctx.collect("agent_panels"),
                "admin_pages": await ctx.collect("admin_pages"),
            }
        for hook, answers in told.items():
            if any(THEIRS.text in str(answer) or str(THEIRS.number) in str(answer) for answer in answers):
                leaks.append(f"{hook} gives something of another tenant")
        refuse("A hook tells something of another tenant.", leaks)

    async def test_every_model_says_whose_its_rows_are(self, app: App, record: PluginRecord) -> None:
        models = _models(self.plugin)
        refuse("A model cannot be used.", audit_models(self.plugin, models))
        if record.contributions.models is not None:
            assert models, "register_models names modules that hold no model."

    async def test_no_model_reads_or_changes_rows_of_another_tenant(self, app: App, place: Place) -> None:
        theirs = await app.create_tenant("globex")
        await fill_every_table(app.platform, theirs)
        leaks = []
        for model in _tenant_models(self.plugin):
            async with app.platform.context(theirs):
                row = await model.get(id=THEIRS.number)
            before = await all_rows(theirs)
            async with place.agent.context(self.plugin):
                leaks += [f"{model.__name__}: {leak}" for leak in await _leaks(model, row, theirs.id)]
            if await all_rows(theirs) != before:
                leaks.append(f"{model.__name__}: its rows could be changed from another tenant")
        refuse("A model does not keep tenants apart.", leaks)


def _own_routes(app: App, plugin: str) -> list[Route]:
    return [route for route in routes_of(app.web) if route.plugin == plugin]


async def _ask(place: Place, route: Route, method: str, values: Values) -> Seen:
    path = path_of(route.path.replace("{tenant:str}", place.tenant.slug), values)
    async with Client(place.app.web) as browser:
        await browser.log_in(place.agent)
        return seen(await browser.request(method, path, **body_of(route.handlers[method], values)), values)


def _told(where: str, theirs: Seen, nobodys: Seen) -> list[str]:
    """What the answers tell to whoever asks for rows of another tenant."""
    found = []
    if theirs != nobodys:
        statuses = f"{theirs[0]}, and {nobodys[0]} to one that nobody has"
        found.append(f"{where} answers differently to an id of another tenant: {statuses}")
    if theirs[0] >= 500:
        found.append(f"{where} answers {theirs[0]} to an id that is not there")
    return found


def _tenant_models(plugin: str) -> list[type[TenantModel]]:
    return [model for model in _models(plugin) if issubclass(model, TenantModel)]


def _models(plugin: str) -> list[type[Model]]:
    apps = dict((Tortoise.apps or {}).items())
    return [*apps.get(plugin, {}).values()]


async def _leaks(model: type[TenantModel], row: Model, theirs: int) -> list[str]:
    """What can be done to a row of another tenant; run inside one's own."""
    found = []
    visible = [str(number) for number in await model.all().values_list("id", flat=True)]
    if await model.filter(id=THEIRS.number).exists() or str(THEIRS.number) in visible:
        found.append("a query finds rows of another tenant")
    if await model.filter(id=THEIRS.number).delete():
        found.append("a query deletes rows of another tenant")
    try:
        await model.get(id=THEIRS.number)
        found.append("get() finds a row of another tenant")
    except DoesNotExist:
        pass
    for name, act in (("save", row.save), ("delete", row.delete), ("refresh_from_db", row.refresh_from_db)):
        try:
            await act()
            found.append(f"{name}() works on a row of another tenant")
        except (NotFound, NoTenant, IntegrityError):
            pass
    return found
