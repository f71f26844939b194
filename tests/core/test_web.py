"""Pages of core, as a browser sees them: login, roles, home, status, preferences, errors and headers."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from litestar.types import ASGIApp, HTTPDisconnectEvent, Receive, Scope, Send

from core.accounts.permissions import ADMINISTRATOR, AGENT, KB_READER, SUPERVISOR
from core.agents.roster import begin_shift
from core.agents.states import Intent
from core.agents.views import view
from core.database.connection import execute, fetch_value
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from core.web.security import safe_path
from tests.core.web_client import (
    add_user,
    application_with_samples,  # noqa: F401 - a fixture
    client,
    log_in,
    switch_on,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

HTMX = {"hx-request": "true", "hx-current-url": "http://calls.test/p/echo/page?x=1"}
DATA = {"accept": "application/json"}


@pytest.fixture
async def people(platform: Platform, tenant: TenantRef) -> TenantRef:
    """A tenant with the sample plugin, and a person for each role."""
    await switch_on(platform, tenant, "echo")
    for username, *roles in (
        ("anna", AGENT),
        ("root", ADMINISTRATOR),
        ("sofia", SUPERVISOR, AGENT),
        ("rita", ADMINISTRATOR, AGENT),
        ("robin", KB_READER),
    ):
        await add_user(platform, tenant, username, *roles)
    return tenant


# --- Login -----------------------------------------------------------------------------------------------------------


async def test_login_leads_home_and_sets_a_cookie_that_scripts_cannot_read(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        answer = await log_in(browser, "anna", people)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Secure" not in cookie, "over plain http a browser would drop it"
        home = await browser.get("/")
    assert home.status_code == 200
    assert "Anna" in home.text


async def test_wrong_login_shows_the_form_again_without_the_password(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        answer = await log_in(browser, "anna", people, password="my secret guess")
    assert answer.status_code == 401
    assert "Login and password do not match." in answer.text
    assert 'value="anna"' in answer.text
    assert "my secret guess" not in answer.text
    assert "set-cookie" not in answer.headers


async def test_unknown_user_gets_the_very_same_page(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        known = await log_in(browser, "anna", people, password="wrong")
        unknown = await log_in(browser, "nobody", people, password="wrong")
    clean = re.compile(r'<meta name="server-time"[^>]*>|anna|nobody')
    assert clean.sub("", known.text) == clean.sub("", unknown.text)
    assert known.status_code == unknown.status_code


async def test_too_many_wrong_passwords_say_when_to_come_back(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        for _ in range(3):
            await log_in(browser, "anna", people, password="wrong")
        answer = await log_in(browser, "anna", people)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "Too many wrong passwords" in answer.text


async def test_the_only_organisation_is_not_asked_for(web: ASGIApp, platform: Platform, people: TenantRef) -> None:
    async with client(web) as browser:
        page = (await browser.get("/login")).text
        assert re.search(r'type="hidden" name="organisation" value="acme"', page)
        assert (await log_in(browser, "anna", people, organisation="")).status_code == 303


async def test_one_of_several_organisations_is_asked_for_once(
    web: ASGIApp, people: TenantRef, other_tenant: TenantRef
) -> None:
    async with client(web) as browser:
        assert re.search(r'type="text" id="field-organisation" name="organisation" value=""', await login_form(browser))
        assert 'value="globex"' in await login_form(browser, "?tenant=globex")
        await log_in(browser, "anna", people)
        await browser.post("/logout")
        assert re.search(r'name="organisation" value="acme"', await login_form(browser))


async def login_form(browser: httpx.AsyncClient, query: str = "") -> str:
    return (await browser.get(f"/login{query}")).text


async def test_login_goes_on_to_where_one_wanted_to_go(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        asked = await browser.get("/p/echo/page?x=1")
        assert asked.status_code == 303
        assert asked.headers["location"] == "/login?next=%2Fp%2Fecho%2Fpage%3Fx%3D1"
        form = await browser.get(asked.headers["location"])
        assert 'name="next" value="/p/echo/page?x=1"' in form.text
        answer = await log_in(browser, "anna", people, next="/p/echo/page?x=1")
    assert answer.headers["location"] == "/p/echo/page?x=1"


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "javascript:alert(1)",
        "",
        "evil",
        None,
        " //evil.test",
        "/\n/evil.test",
    ],
)
def test_only_paths_of_this_site_are_gone_on_to(place: str | None) -> None:
    assert safe_path(place) == "/"


async def test_login_never_leads_to_another_site(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        answer = await log_in(browser, "anna", people, next="//evil.test/")
    assert answer.headers["location"] == "/"


async def test_logout_ends_the_login_on_the_server(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        token = browser.cookies["switchroom"]
        answer = await browser.post("/logout")
        assert answer.headers["location"] == "/login"
        assert "switchroom" not in browser.cookies
        browser.cookies.set("switchroom", token)
        assert (await browser.get("/")).headers["location"] == "/login"


async def test_agent_begins_on_a_break_and_ends_offline(web: ASGIApp, platform: Platform, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        agent = await agent_of(platform, people, "anna")
        assert agent.intent is Intent.PAUSE
        await browser.post("/logout")
    assert not await fetch_value("SELECT connected_until > now() FROM core_agent WHERE user_id = $1", agent.user_id)


async def agent_of(platform: Platform, tenant: TenantRef, username: str):
    async with platform.context(tenant) as ctx:
        user_id = await fetch_value("SELECT id FROM core_user WHERE username = $1", username)
        found = await view(ctx, user_id)
    assert found is not None
    return found


# --- Not logged in ---------------------------------------------------------------------------------------------------


async def test_who_is_not_logged_in_is_sent_to_the_login_in_the_way_he_asked(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        page = await browser.get("/p/echo/page?x=1")
        part = await browser.get("/status", headers=HTMX)
        boosted = await browser.get("/p/echo/page", headers={**HTMX, "hx-boosted": "true"})
        data = await browser.get("/", headers=DATA)
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Fp%2Fecho%2Fpage%3Fx%3D1")
    assert (part.status_code, part.headers["hx-redirect"]) == (200, "/login?next=%2Fp%2Fecho%2Fpage%3Fx%3D1")
    assert boosted.headers["hx-redirect"] == "/login?next=%2Fp%2Fecho%2Fpage"
    assert data.status_code == 401
    assert data.headers["content-type"] == "application/problem+json"
    assert data.json()["code"] == "not_signed_in"


async def test_forged_or_mangled_cookies_are_no_login_and_no_error(web: ASGIApp, people: TenantRef) -> None:
    for cookie in (b"switchroom=x", b'switchroom="', b"switchroom", b"a[0]=1; switchroom=\xff", b"=; ;;", b"x" * 4000):
        async with client(web) as browser:
            answer = await browser.get("/", headers={"cookie": cookie})  # type: ignore[dict-item]
            assert answer.headers["location"] == "/login"


# --- Roles -----------------------------------------------------------------------------------------------------------


async def test_user_with_several_roles_chooses_before_anything_else(
    web: ASGIApp, platform: Platform, people: TenantRef
) -> None:
    async with client(web) as browser:
        await log_in(browser, "rita", people)
        asked = await browser.get("/p/echo/page")
        assert asked.headers["location"] == "/role?next=%2Fp%2Fecho%2Fpage"
        page = await browser.get(asked.headers["location"])
        assert "Administrator" in page.text
        assert "Agent" in page.text
        answer = await browser.post("/role", data={"role": AGENT, "next": "/p/echo/page"})
        assert answer.headers["location"] == "/p/echo/page"
        assert (await browser.get("/p/echo/hello")).status_code == 200
        assert (await agent_of(platform, people, "rita")).intent is Intent.PAUSE
        assert "Change role" in (await browser.get("/")).text

        await browser.post("/role", data={"role": ADMINISTRATOR})
        assert (await browser.get("/p/echo/hello")).status_code == 403


async def test_role_that_one_does_not_have_is_refused(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "rita", people)
        assert (await browser.post("/role", data={"role": SUPERVISOR})).status_code == 404
        assert (await browser.post("/role", data={})).status_code == 422
        assert (await browser.get("/")).headers["location"] == "/role"


async def test_change_between_roles_that_take_calls_changes_nothing_for_the_agent(
    web: ASGIApp, platform: Platform, people: TenantRef
) -> None:
    async with client(web) as browser:
        await log_in(browser, "sofia", people)
        await browser.post("/role", data={"role": AGENT})
        await browser.post("/status/intent/available", headers=HTMX)
        await browser.post("/role", data={"role": SUPERVISOR})
    assert (await agent_of(platform, people, "sofia")).intent is Intent.AVAILABLE


# --- The workspace ---------------------------------------------------------------------------------------------------


async def test_page_of_a_plugin_stands_in_the_workspace_and_is_escaped(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        page = (await browser.get("/p/echo/page")).text
    assert '<p id="echo">&lt;b&gt;bold&lt;/b&gt;</p>' in page
    assert 'href="/p/echo/page"' in page
    assert "Secret" not in page, "an entry that the role may not open"
    assert 'hx-get="/p/echo/part"' in page
    assert re.search(r'<script type="module" src="/p/echo/static/hello.js\?v=[0-9a-f]{12}">', page)
    assert "<title>Echo · Switchroom</title>" in page


async def test_change_of_page_sends_the_main_area_alone(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        part = (await browser.get("/p/echo/page", headers={**HTMX, "hx-boosted": "true"})).text
    assert part.strip().startswith("<title>Echo · Switchroom</title>")
    assert '<main id="main"' in part
    assert "<nav" not in part
    assert "<html" not in part


async def test_home_of_each_role(web: ASGIApp, people: TenantRef) -> None:
    for username, expected in (("anna", "/home/journal"), ("root", "Welcome, Root"), ("robin", "Welcome, Robin")):
        async with client(web) as browser:
            await log_in(browser, username, people)
            assert expected in (await browser.get("/")).text
    async with client(web) as browser:
        await log_in(browser, "root", people)
        assert (await browser.get("/home/journal")).status_code == 403
        assert (await browser.get("/status")).status_code == 403


async def test_journal_and_numbers_of_a_day_without_calls(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        assert "No calls yet today" in (await browser.get("/home/journal", headers=HTMX)).text
        numbers = (await browser.get("/home/numbers", headers=HTMX)).text
    assert re.findall(r"<dd>(\S+)", numbers)[:4] == ["0</dd>", "0</dd>", "–</dd>", "0</dd>"]


async def test_status_control_takes_a_choice(web: ASGIApp, platform: Platform, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        before = (await browser.get("/status", headers=HTMX)).text
        assert "status-offline" in before, "no page is open yet"
        after = (await browser.post("/status/intent/available", headers=HTMX)).text
        assert re.search(r'hx-post="/status/intent/available"[^>]*aria-pressed="true"', after)
        assert (await agent_of(platform, people, "anna")).intent is Intent.AVAILABLE
        refused = await browser.post("/status/do-not-disturb/on", headers=HTMX)
        assert refused.status_code == 409, "not while calls from queues come"
        await browser.post("/status/intent/pause", headers=HTMX)
        disturbed = (await browser.post("/status/do-not-disturb/on", headers=HTMX)).text
        assert 'aria-checked="true"' in disturbed
        assert (await agent_of(platform, people, "anna")).do_not_disturb
        await browser.post("/status/do-not-disturb/off", headers=HTMX)
        assert not (await agent_of(platform, people, "anna")).do_not_disturb


async def test_choice_that_does_not_exist_is_refused(web: ASGIApp, platform: Platform, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        for path in ("/status/intent/asleep", "/status/do-not-disturb/perhaps"):
            answer = await browser.post(path, headers=HTMX)
            assert 400 <= answer.status_code < 500, path
    assert (await agent_of(platform, people, "anna")).intent is Intent.PAUSE


async def test_status_during_work_says_what_comes_after_it(web: ASGIApp, platform: Platform, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        agent = await agent_of(platform, people, "anna")
        async with platform.context(people) as ctx:
            await begin_shift(ctx, agent.user_id)
        await execute("UPDATE core_agent SET occupancy = 'busy', status = 'busy' WHERE user_id = $1", agent.user_id)
        control = (await browser.get("/status", headers=HTMX)).text
    assert "status-busy" in control
    assert "Takes effect after the present work" in control


async def test_language_and_theme_are_kept(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        assert (await browser.post("/preferences/theme/dark", headers=HTMX)).status_code == 204
        changed = await browser.post("/preferences/language/ru", headers=HTMX)
        assert changed.headers["hx-refresh"] == "true"
        page = (await browser.get("/")).text
        assert '<html lang="ru" data-theme="dark" data-bs-theme="dark">' in page
        assert "Главная" in page
        assert (await browser.post("/preferences/theme/pink", headers=HTMX)).status_code == 422


async def test_pages_before_login_speak_the_browsers_language(web: ASGIApp, people: TenantRef) -> None:
    async with client(web, **{"accept-language": "ru-RU,ru;q=0.9,en;q=0.8"}) as browser:
        assert "Войти" in (await browser.get("/login")).text
        await browser.post("/login/language/en?next=/login")
        assert "Log in" in (await browser.get("/login")).text
    async with client(web, **{"accept-language": "de, *;q=nonsense, en;q=0.1"}) as browser:
        assert "Log in" in (await browser.get("/login")).text


# --- Errors ----------------------------------------------------------------------------------------------------------


async def test_refusal_is_a_page_a_fragment_or_data(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        page = await browser.get("/p/echo/gone")
        part = await browser.get("/p/echo/gone", headers={**HTMX, "hx-boosted": "true"})
        piece = await browser.get("/p/echo/gone", headers=HTMX)
        data = await browser.get("/p/echo/gone", headers=DATA)
    assert {answer.status_code for answer in (page, part, piece, data)} == {409}
    assert "<html" in page.text
    assert '<main id="main"' in part.text
    assert "<main" not in piece.text
    for answer in (page, part, piece):
        assert "Somebody else was first." in answer.text
        assert "Take the next one." in answer.text
    assert json.loads(piece.headers["switchroom-problem"])["title"] == "Somebody else was first."
    assert data.headers["content-type"] == "application/problem+json"
    assert data.json() == {
        "type": "urn:switchroom:problem:conflict",
        "status": 409,
        "code": "conflict",
        "title": "Somebody else was first.",
        "mend": "Take the next one.",
    }


async def test_wrong_field_is_named(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        for value, status in (("many", 400), ("", 400), ("-1", 422)):
            answer = await browser.post("/p/echo/amount", data={"amount": value}, headers=HTMX)
            assert answer.status_code == status
            assert "amount" in json.loads(answer.headers["switchroom-problem"])["fields"]
        missing = await browser.post("/p/echo/amount", data={}, headers=DATA)
        assert missing.json()["fields"] == {"amount": "This is missing."}
        text = await browser.post("/p/echo/amount", data={"amount": "many"}, headers=DATA)
        assert text.json()["fields"] == {"amount": "Enter a whole number."}


async def test_unforeseen_error_shows_a_number_and_the_log_the_rest(
    web: ASGIApp, people: TenantRef, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        for headers in ({}, HTMX, DATA):
            answer = await browser.get("/p/echo/broken", headers=headers)
            assert answer.status_code == 500
            assert "hunter2" not in answer.text + str(answer.headers)
            incident = re.search(r"(?:<code>|incident\W+)([0-9a-f]{8})\b", answer.text)
            assert incident
            output = capsys.readouterr()
            assert incident[1] in caplog.text + output.out + output.err


@pytest.mark.parametrize(
    ("method", "path", "content", "kind", "status"),
    [
        ("POST", "/login", b"%%%=&&&\xff", "application/x-www-form-urlencoded", 401),
        ("POST", "/login", b"{", "application/json", 401),
        ("POST", "/role", b"\x00\x01", "multipart/form-data; boundary=x", 303),
        ("DELETE", "/login", b"", "text/plain", 405),
        ("GET", "/login?next=%00%ff", b"", "text/plain", 200),
        ("GET", "/%00%ff/..%2f", b"", "text/plain", 404),
        ("POST", "/login", b"a=" + b"x" * 1_100_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_malformed_requests_are_refused_without_an_incident(
    web: ASGIApp, people: TenantRef, method: str, path: str, content: bytes, kind: str, status: int
) -> None:
    async with client(web, **{"content-type": kind}) as browser:
        answer = await browser.request(method, httpx.URL(f"http://calls.test{path}"), content=content)
    assert answer.status_code == status, answer.text
    assert "Something went wrong" not in answer.text


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/login", "application/x-www-form-urlencoded"), ("/api/v1/core/tokens", "application/json")],
)
async def test_browser_that_leaves_while_it_sends_is_no_incident(
    web: ASGIApp, people: TenantRef, capsys: pytest.CaptureFixture[str], path: str, kind: str
) -> None:
    async def has_left() -> HTTPDisconnectEvent:
        return {"type": "http.disconnect"}

    async def to_the_end_of_the_headers(scope: Scope, _receive: Receive, send: Send) -> None:
        await web(scope, has_left, send)

    async with client(web) as browser, client(to_the_end_of_the_headers, **{"content-type": kind}) as leaving:
        await log_in(browser, "root", people)
        leaving.cookies.update(browser.cookies)
        capsys.readouterr()
        answer = await leaving.post(path, content=b"name=x")
    assert answer.status_code == 400, answer.text
    output = capsys.readouterr()
    assert "request_failed" not in output.out + output.err


async def test_database_that_is_away_is_said_so(
    web: ASGIApp, people: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_values: object) -> None:
        raise ConnectionRefusedError("no server")

    async with client(web) as browser:
        await log_in(browser, "anna", people)
        monkeypatch.setattr("core.accounts.sessions.fetch_row", refuse)
        page = await browser.get("/")
        data = await browser.get("/p/echo/hello", headers=DATA)
        monkeypatch.setattr("core.web.health.fetch_value", refuse)
        ready, alive = await browser.get("/readyz"), await browser.get("/healthz")
    assert page.status_code == 503
    assert "The database cannot be reached just now." in page.text
    assert page.headers["content-security-policy"]
    assert data.json()["code"] == "database_unreachable"
    assert ready.status_code == 503
    assert alive.status_code == 200


async def test_server_that_can_work_says_so(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        assert (await browser.get("/readyz")).json() == {"status": "ok"}
        assert (await browser.get("/healthz")).json() == {"status": "ok"}


# --- What other sites may not do -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://calls.test"}, False),
        ({"origin": "http://calls.test"}, True),
        ({"origin": "http://evil.test"}, False),
        ({"origin": "http://calls.test.evil.test"}, False),
        ({"origin": "http://calls.test:8080"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "http://[broken"}, False),
    ],
)
async def test_change_from_another_site_is_refused(
    web: ASGIApp, people: TenantRef, headers: dict[str, str], allowed: bool
) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        answer = await browser.post("/preferences/theme/dark", headers={**DATA, **headers})
        theme = await fetch_value("SELECT theme FROM core_user WHERE username = 'anna'")
    assert answer.status_code == (204 if allowed else 403)
    assert theme == ("dark" if allowed else "auto")
    if not allowed:
        assert answer.json()["code"] == "cross_site"


async def test_reading_from_another_site_is_a_link_and_allowed(web: ASGIApp, people: TenantRef) -> None:
    async with client(web, **{"sec-fetch-site": "cross-site"}) as browser:
        assert (await browser.get("/login")).status_code == 200


async def test_every_answer_carries_the_security_headers(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", people)
        for path in ("/", "/login", "/nowhere", "/p/echo/broken", "/static/app.css", "/healthz", "/say/acme"):
            headers = (await browser.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert "microphone=(self)" in headers["permissions-policy"]
            assert headers["cache-control"] == ("no-cache" if path == "/static/app.css" else "no-store")


async def test_no_page_holds_a_script_or_a_style_of_its_own(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        pages = [(await browser.get(path)).text for path in ("/login", "/nowhere", "/say/acme")]
        await log_in(browser, "anna", people)
        pages += [(await browser.get(path)).text for path in ("/", "/p/echo/page", "/status", "/role", "/home/numbers")]
    for page in pages:
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
        for script in re.findall(r"<script[^>]*>", page):
            assert "src=" in script or 'type="application/json"' in script


async def test_hostile_host_header_does_not_get_into_the_policy(web: ASGIApp, people: TenantRef) -> None:
    async with client(web, host="x; script-src *") as browser:
        assert "script-src" not in (await browser.get("/login")).headers["content-security-policy"]


# --- Files -----------------------------------------------------------------------------------------------------------


async def test_files_are_compressed_and_not_sent_twice(web: ASGIApp, people: TenantRef) -> None:
    async with client(web) as browser:
        first = await browser.get("/static/app.js", headers={"accept-encoding": "gzip"})
        again = await browser.get("/static/app.js", headers={"if-none-match": first.headers["etag"]})
        plain = await browser.get("/static/app.js", headers={"accept-encoding": "identity"})
        page = (await browser.get("/login")).text
        address = re.search(r'href="(/static/app.css\?v=[0-9a-f]+)"', page)
        assert address
        forever = await browser.get(address[1])
    assert first.headers["content-encoding"] == "gzip"
    assert first.text == plain.text
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in forever.headers["cache-control"]


async def test_language_of_the_login_page_carries_over_to_a_person_who_has_chosen_none(
    web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as browser:
        await browser.post("/login/language/ru")
        await log_in(browser, "anna", tenant)
        assert '<html lang="ru"' in (await browser.get("/")).text
        await browser.post("/preferences/language/en")
        await browser.post("/logout")
        await log_in(browser, "anna", tenant)
        assert '<html lang="en"' in (await browser.get("/")).text
