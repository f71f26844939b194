"""Who reaches the plugin's pages: nobody where it is off, nobody without the permission."""

from __future__ import annotations

import httpx

from core.accounts.permissions import SIGNED_IN
from core.plugins.discovery import PluginRecord
from core.tenancy.context import TenantRef
from core.web.assets import asset_folder
from switchroom.testing.app import App
from switchroom.testing.contract.base import ContractBase, Place, refuse
from switchroom.testing.people import Client, Person, add_person_who_may, all_permissions
from switchroom.testing.routes import METHODS, Route, routes_of, seen, sockets_of
from switchroom.testing.sweeping import MINE, path_of

NEVER = "/there/never/was/this"


class AccessContract(ContractBase):
    """The gate and the permissions, on every route that the plugin has."""

    async def test_where_it_is_off_every_path_is_unknown(self, app: App, record: PluginRecord) -> None:
        tenant, person = await self._without(app)
        leaks = []
        async with Client(app.web) as browser:
            await browser.log_in(person)
            paths = sorted({*_paths(app, self.plugin, tenant), *_static_files(record, tenant)})
            for method in METHODS:
                page = seen(await browser.request(method, NEVER), MINE)
                data = seen(await browser.request(method, f"/api/v1{NEVER}"), MINE)
                for path in paths:
                    answer = seen(await browser.request(method, path), MINE)
                    if answer != (data if path.startswith("/api/") else page):
                        leaks.append(f"{method} {path} answers {answer[0]}, unlike a path that never was")
        refuse("A tenant that has not enabled the plugin sees that it is installed.", leaks)

    async def test_where_it_is_off_every_socket_is_unknown(self, app: App, record: PluginRecord) -> None:
        _tenant, person = await self._without(app)
        leaks = []
        async with Client(app.web) as browser:
            await browser.log_in(person)
            never = await browser.websocket(NEVER)
            for socket in sockets_of(app.web):
                if socket.plugin == self.plugin and await browser.websocket(path_of(socket.path, MINE)) != never:
                    leaks.append(f"{socket.path} answers unlike a path that never was")
        refuse("A tenant that has not enabled the plugin sees that it is installed.", leaks)

    async def test_who_is_not_logged_in_learns_nothing(self, app: App, place: Place) -> None:
        leaks = []
        async with Client(app.web) as browser:
            for route in _own_routes(app, self.plugin):
                for method in route.methods:
                    if route.handlers[method].opt.get("public"):
                        continue
                    path = path_of(route.path, MINE)
                    answer = await browser.request(method, path)
                    other = await browser.request(method, path.replace(f"/{self.plugin}", "/nobody", 1))
                    if (answer.status_code, _to_login(answer)) != (other.status_code, _to_login(other)):
                        leaks.append(f"{method} {path} answers {answer.status_code}, a plugin that never was another")
        refuse("Who is not logged in learns that the plugin is installed.", leaks)

    async def test_every_route_is_refused_without_its_permission(self, app: App, place: Place) -> None:
        everything = await all_permissions(app.platform, place.tenant)
        people: dict[str, Person] = {}
        leaks = []
        for route in _own_routes(app, self.plugin):
            for method in route.methods:
                permission = route.handlers[method].opt.get("permission")
                if permission is None or permission == SIGNED_IN:
                    continue
                if permission not in everything:
                    leaks.append(
                        f"{method} {route.path} asks for {permission!r}, which nobody declares: no role has it"
                    )
                    continue
                if permission not in people:
                    name = f"without{len(people)}"
                    rest = everything - {permission}
                    people[permission] = await add_person_who_may(app.platform, place.tenant, name, *rest)
                status = await _status(app, people[permission], method, path_of(route.path, MINE))
                if status != 403:
                    leaks.append(f"{method} {route.path} answers {status} to who may all but {permission!r}, not 403")
        refuse("A route does not keep out who lacks its permission.", leaks)

    async def test_every_socket_is_refused_without_its_permission(self, app: App, place: Place) -> None:
        nobody = await add_person_who_may(app.platform, place.tenant, "nothing")
        leaks = []
        async with Client(app.web) as browser:
            await browser.log_in(nobody)
            for socket in sockets_of(app.web):
                if socket.plugin != self.plugin or socket.handler.opt.get("public"):
                    continue
                sent = await browser.websocket(path_of(socket.path, MINE))
                if any(message["type"] == "websocket.accept" for message in sent):
                    leaks.append(f"{socket.path} opens for who may nothing")
        refuse("A WebSocket does not keep out who lacks its permission.", leaks)

    async def _without(self, app: App) -> tuple[TenantRef, Person]:
        """A tenant that has no plugin, and somebody there; another tenant has this one."""
        await self.make_place(app, "having")
        tenant = await app.create_tenant("without")
        everything = await all_permissions(app.platform, tenant)
        return tenant, await add_person_who_may(app.platform, tenant, "ben", *everything)


async def _status(app: App, person: Person, method: str, path: str) -> int:
    async with Client(app.web) as browser:
        await browser.log_in(person)
        return (await browser.request(method, path)).status_code


def _own_routes(app: App, plugin: str) -> list[Route]:
    return [route for route in routes_of(app.web) if route.plugin == plugin]


def _paths(app: App, plugin: str, tenant: TenantRef) -> list[str]:
    """A path of each route, of the tenant where the path names one, and of the prefixes themselves."""
    own = [route.path.replace("{tenant:str}", tenant.slug) for route in _own_routes(app, plugin)]
    prefixes = (f"/p/{plugin}", f"/p/{plugin}/", f"/api/v1/{plugin}", f"/p/{plugin}/there/is/no/such/page")
    return [*(path_of(path, MINE) for path in own), *prefixes]


def _static_files(record: PluginRecord, tenant: TenantRef) -> list[str]:
    folder = asset_folder(record)
    files = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    prefixes = [f"/p/{record.name}"]
    if record.manifest and record.manifest.public_prefix:
        prefixes.append(f"/{record.manifest.public_prefix}/{tenant.slug}")
    return [f"{prefix}/static/{file}" for prefix in prefixes for file in files]


def _to_login(answer: httpx.Response) -> bool:
    return str(answer.headers.get("location", "")).startswith("/login")
