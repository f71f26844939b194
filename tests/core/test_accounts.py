"""Users, roles, passwords, the limit on wrong ones, and logins that last."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.accounts import login_limit, passwords
from core.accounts.login import LoginFailed, check_login
from core.accounts.login_limit import LoginLimited
from core.accounts.models import LoginSession, Role, User
from core.accounts.permissions import (
    ADMINISTRATOR,
    AGENT,
    HANDLE_INTERACTIONS,
    KB_READER,
    MANAGE_USERS,
    SUPERVISOR,
    Permission,
    Permissions,
)
from core.accounts.sessions import (
    change_role,
    close_session,
    keep_sessions,
    open_session,
    read_session,
    roles_of,
)
from core.accounts.users import (
    create_user,
    deactivate_user,
    ensure_built_in_roles,
    set_language,
    set_password,
    set_roles,
    set_theme,
)
from core.database.connection import execute, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.plugins.context import Context, Platform
from core.settings import Login
from core.tenancy.context import TenantRef
from core.web.identity import Identity

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
HERE = "192.0.2.7"


async def user(ctx: Context, username: str = "anna", *roles: str) -> User:
    return await create_user(ctx, username, "Anna Petrova", PASSWORD, roles or (AGENT,))


async def log_in(username: str = "anna", password: str = PASSWORD, *, tenant: str = "acme", address: str = HERE) -> int:
    _tenant_id, user_id = await check_login(Login(), tenant, username, password, address)
    return user_id


async def signed_in(platform: Platform, token: str):
    known = await Identity(platform).of(token)
    assert known is not None
    return known[0]


async def time_passes(seconds: int) -> None:
    """Everything that the limit has noted was noted so many seconds earlier."""
    await execute(
        "UPDATE core_login_limit SET window_started_at = window_started_at - make_interval(secs => $1), "
        "blocked_until = blocked_until - make_interval(secs => $1)",
        float(seconds),
    )


# --- Users -----------------------------------------------------------------------------------------------------------


async def test_password_is_stored_as_an_argon2id_hash_alone(ctx: Context) -> None:
    created = await user(ctx)
    stored = await fetch_value("SELECT row_to_json(core_user)::text FROM core_user WHERE id = $1", created.id)
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


async def test_username_is_one_whatever_its_case(ctx: Context) -> None:
    await user(ctx, "Anna")
    with pytest.raises(Conflict, match="anna"):
        await user(ctx, "ANNA")
    assert await log_in("aNNa")


@pytest.mark.parametrize("username", ["", " ", "-anna", "anna;drop", "a" * 65, "<script>", "anna\n"])
async def test_unusable_username_is_named_by_field(ctx: Context, username: str) -> None:
    if username == "anna\n":
        username = "an\nna"
    with pytest.raises(InvalidInput) as refused:
        await user(ctx, username)
    assert set(refused.value.fields) == {"username"}


async def test_every_wrong_field_is_named_at_once(ctx: Context) -> None:
    with pytest.raises(InvalidInput) as refused:
        await create_user(ctx, "?", "", "short", ())
    assert set(refused.value.fields) == {"username", "name", "password", "roles"}
    assert not await User.exists()


async def test_numbers_with_spaces_can_be_usernames(ctx: Context) -> None:
    await user(ctx, "112-233-445 95")
    assert await log_in("112-233-445 95")


async def test_user_with_an_unknown_role_is_not_created(ctx: Context) -> None:
    with pytest.raises(NotFound, match="pilot"):
        await user(ctx, "anna", AGENT, "pilot")
    assert not await User.exists()


async def test_new_password_replaces_the_old_one_and_ends_logins(ctx: Context, platform: Platform) -> None:
    created = await user(ctx)
    token = await open_session(ctx, created.id)
    await set_password(ctx, created.id, "another long one")
    assert await read_session(token, platform.settings.sessions) is None
    with pytest.raises(LoginFailed):
        await log_in()
    assert await log_in(password="another long one") == created.id


async def test_language_and_theme_must_exist(ctx: Context) -> None:
    created = await user(ctx)
    await set_language(ctx, created.id, "ru")
    await set_theme(ctx, created.id, "dark")
    with pytest.raises(InvalidInput):
        await set_language(ctx, created.id, "tlh")
    with pytest.raises(InvalidInput):
        await set_theme(ctx, created.id, "pink")
    await created.refresh_from_db()
    assert (created.language, created.theme) == ("ru", "dark")


async def test_built_in_roles_are_made_once(ctx: Context) -> None:
    await ensure_built_in_roles(ctx)
    assert sorted(await Role.all().values_list("key", flat=True)) == sorted(
        [ADMINISTRATOR, SUPERVISOR, AGENT, KB_READER]
    )


# --- Permissions -----------------------------------------------------------------------------------------------------


def test_built_in_role_allows_what_core_and_enabled_plugins_declare_for_it() -> None:
    rights = Permissions({"chat": [Permission("chat.answer", "Answer chats", (AGENT,))]})
    assert rights.of_built_in(AGENT, {"chat"}) > {HANDLE_INTERACTIONS, "chat.answer"}
    assert "chat.answer" not in rights.of_built_in(AGENT, set())
    assert "chat.answer" not in rights.of_built_in(SUPERVISOR, {"chat"})


def test_roles_follow_the_table() -> None:
    rights = Permissions({})
    assert HANDLE_INTERACTIONS in rights.of_built_in(AGENT, ())
    assert HANDLE_INTERACTIONS in rights.of_built_in(SUPERVISOR, ())
    assert MANAGE_USERS in rights.of_built_in(ADMINISTRATOR, ())
    assert HANDLE_INTERACTIONS not in rights.of_built_in(ADMINISTRATOR, ())
    assert rights.of_built_in(KB_READER, ()) == frozenset()


def test_own_role_allows_only_what_somebody_still_declares() -> None:
    rights = Permissions({"chat": [Permission("chat.answer", "Answer chats")]})
    stored = ["chat.answer", "core.handle_interactions", "gone.permission"]
    assert rights.of_own(stored, {"chat"}) == {"chat.answer", HANDLE_INTERACTIONS}
    assert rights.of_own(stored, set()) == {HANDLE_INTERACTIONS}


# --- Login and its limit ---------------------------------------------------------------------------------------------


async def test_wrong_password_unknown_user_and_unknown_organisation_get_the_same_answer(ctx: Context) -> None:
    await user(ctx)
    answers = set()
    for username, tenant in (("anna", "acme"), ("nobody", "acme"), ("anna", "nowhere")):
        with pytest.raises(LoginFailed) as refused:
            await log_in(username, "wrong", tenant=tenant, address=username + tenant)
        answers.add(str(refused.value))
    assert len(answers) == 1


async def test_unknown_user_costs_a_password_check_like_a_known_one(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await user(ctx)
    checked: list[str] = []
    verify = passwords._hasher.verify

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored.split("$")[3])
            return verify(stored, password)

        def __getattr__(self, name: str) -> object:
            return getattr(passwords.PasswordHasher(), name)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    for username in ("anna", "nobody"):
        with pytest.raises(LoginFailed):
            await log_in(username, "wrong")
    assert len(checked) == 2
    assert len(set(checked)) == 1, "the same parameters, so the same time"


async def test_one_hundred_wrong_passwords_end_locked(ctx: Context) -> None:
    await user(ctx)
    outcomes = [await _outcome("anna") for _ in range(100)]
    assert outcomes[0] is LoginFailed
    assert outcomes[-1] is LoginLimited
    assert outcomes.count(LoginFailed) < 5
    with pytest.raises(LoginLimited):
        await log_in()


async def test_account_is_slowed_before_it_is_locked(ctx: Context) -> None:
    waits = []
    # In one transaction, in which no time passes but what the test lets pass.
    async with transaction():
        for _ in range(5):
            await login_limit.count_attempt(Login(), "acme", "anna", HERE)
            waits.append(await _wait("anna"))
            await time_passes(waits[-1])
    assert waits == [0, 0, 1, 2, Login().lock_seconds]


async def test_tries_at_the_same_moment_are_limited_like_others(ctx: Context) -> None:
    await user(ctx)
    outcomes = await asyncio.gather(*(_outcome("anna") for _ in range(40)))
    assert 1 <= outcomes.count(LoginFailed) <= 3
    assert outcomes.count(LoginLimited) == 40 - outcomes.count(LoginFailed)


async def test_account_that_does_not_exist_is_locked_alike(ctx: Context) -> None:
    await user(ctx)
    for username in ("anna", "nobody"):
        outcomes = []
        for _ in range(7):
            outcomes.append(await _outcome(username, address=username))
            await time_passes(2)
        assert outcomes == [LoginFailed] * 5 + [LoginLimited] * 2


async def test_lock_ends_by_itself(ctx: Context) -> None:
    await user(ctx)
    for _ in range(5):
        await _outcome("anna")
        await time_passes(2)
    with pytest.raises(LoginLimited) as refused:
        await log_in()
    assert Login().lock_seconds - 10 < refused.value.retry_after <= Login().lock_seconds
    await time_passes(Login().lock_seconds)
    assert await log_in()


async def test_right_password_forgets_the_wrong_ones(ctx: Context) -> None:
    await user(ctx)
    for _ in range(3):
        await _outcome("anna")
        await _outcome("anna")
        assert await log_in()


async def test_address_is_locked_whatever_accounts_it_tries(ctx: Context) -> None:
    await user(ctx)
    limits = Login(attempts_per_address=6)
    for number in range(6):
        with pytest.raises(LoginFailed):
            await check_login(limits, "acme", f"guess{number}", "wrong", HERE)
    with pytest.raises(LoginLimited):
        await check_login(limits, "acme", "anna", PASSWORD, HERE)
    assert await check_login(limits, "acme", "anna", PASSWORD, "198.51.100.1")


async def test_limit_stores_no_names(ctx: Context) -> None:
    await user(ctx)
    await _outcome("anna")
    assert await fetch_value("SELECT count(*) FROM core_login_limit WHERE key ~ '^[0-9a-f]{64}$'") == 2
    assert await fetch_value("SELECT count(*) FROM core_login_limit") == 2


async def test_old_limits_are_forgotten(ctx: Context) -> None:
    await user(ctx)
    await _outcome("anna")
    assert await login_limit.forget_old_limits(Login()) == 0
    await time_passes(Login().window_seconds + 1)
    assert await login_limit.forget_old_limits(Login()) == 2


async def test_deactivated_user_cannot_log_in_and_is_logged_out(ctx: Context, platform: Platform) -> None:
    created = await user(ctx)
    token = await open_session(ctx, created.id)
    await deactivate_user(ctx, created.id)
    assert await read_session(token, platform.settings.sessions) is None
    with pytest.raises(LoginFailed):
        await log_in()


async def test_user_of_a_suspended_tenant_is_out(ctx: Context, platform: Platform) -> None:
    created = await user(ctx)
    token = await open_session(ctx, created.id)
    await execute("UPDATE core_tenant SET suspended = true WHERE id = $1", ctx.tenant.id)
    assert await read_session(token, platform.settings.sessions) is None
    with pytest.raises(LoginFailed):
        await log_in()


async def test_same_username_in_two_tenants_is_two_people(
    ctx: Context, other_tenant: TenantRef, platform: Platform
) -> None:
    mine = await user(ctx)
    async with platform.context(other_tenant) as other:
        theirs = await create_user(other, "anna", "Another Anna", "their own password", (AGENT,))
    assert await log_in() == mine.id
    assert await log_in(password="their own password", tenant="globex") == theirs.id
    with pytest.raises(LoginFailed):
        await log_in(password="their own password")


async def _outcome(username: str, address: str = HERE) -> type[Exception] | None:
    try:
        await log_in(username, "wrong", address=address)
    except (LoginFailed, LoginLimited) as error:
        return type(error)
    return None


async def _wait(username: str) -> int:
    """Seconds until the next try is looked at."""
    return await fetch_value(
        "SELECT coalesce(ceil(extract(epoch FROM blocked_until - now())), 0)::int FROM core_login_limit WHERE key = $1",
        login_limit.account_key("acme", username),
    )


# --- Sessions --------------------------------------------------------------------------------------------------------


async def test_session_token_is_stored_as_a_digest_alone(ctx: Context) -> None:
    token = await open_session(ctx, (await user(ctx)).id)
    session = await LoginSession.get()
    assert token not in (session.token_digest, str(session.id))
    assert len(token) >= 43


async def test_user_with_one_role_works_in_it_at_once(ctx: Context, platform: Platform) -> None:
    person = await signed_in(platform, await open_session(ctx, (await user(ctx)).id))
    assert person.role is not None
    assert person.role.key == AGENT
    assert person.may(HANDLE_INTERACTIONS)
    assert not person.several_roles


async def test_user_with_several_roles_chooses_and_changes_without_a_new_login(
    ctx: Context, platform: Platform
) -> None:
    created = await user(ctx, "anna", ADMINISTRATOR, AGENT)
    token = await open_session(ctx, created.id)
    person = await signed_in(platform, token)
    assert person.role is None
    assert person.permissions == frozenset()
    assert {role.key for role in await roles_of(ctx, created.id)} == {ADMINISTRATOR, AGENT}

    await change_role(ctx, person, AGENT)
    assert (await signed_in(platform, token)).may(HANDLE_INTERACTIONS)
    await change_role(ctx, person, ADMINISTRATOR)
    now = await signed_in(platform, token)
    assert now.may(MANAGE_USERS)
    assert not now.may(HANDLE_INTERACTIONS)
    with pytest.raises(NotFound):
        await change_role(ctx, person, SUPERVISOR)


async def test_role_that_is_taken_away_is_gone_at_once(ctx: Context, platform: Platform) -> None:
    created = await user(ctx, "anna", ADMINISTRATOR, AGENT)
    await user(ctx, "ben", ADMINISTRATOR)
    token = await open_session(ctx, created.id)
    await change_role(ctx, await signed_in(platform, token), ADMINISTRATOR)
    await set_roles(ctx, created.id, [AGENT])
    person = await signed_in(platform, token)
    assert person.role is None
    assert person.permissions == frozenset()


async def test_user_without_a_role_cannot_start_a_session(ctx: Context) -> None:
    created = await user(ctx)
    await execute("DELETE FROM core_user_role WHERE user_id = $1", created.id)
    with pytest.raises(Forbidden):
        await open_session(ctx, created.id)


async def test_own_role_carries_its_list(ctx: Context, platform: Platform) -> None:
    await Role.create(key="trainee", name="Trainee", permissions=[HANDLE_INTERACTIONS, "gone.permission"])
    person = await signed_in(platform, await open_session(ctx, (await user(ctx, "anna", "trainee")).id))
    assert person.permissions == {HANDLE_INTERACTIONS}


async def test_session_ends_when_idle(ctx: Context, platform: Platform) -> None:
    token = await open_session(ctx, (await user(ctx)).id)
    idle = timedelta(minutes=platform.settings.sessions.idle_minutes)
    await LoginSession.all().update(seen_at=datetime.now(UTC) - idle + timedelta(seconds=30))
    assert await read_session(token, platform.settings.sessions)
    await LoginSession.all().update(seen_at=datetime.now(UTC) - idle)
    assert await read_session(token, platform.settings.sessions) is None


async def test_session_ends_after_its_lifetime_however_busy(ctx: Context, platform: Platform) -> None:
    token = await open_session(ctx, (await user(ctx)).id)
    session = await LoginSession.get()
    assert session.expires_at - session.created_at == pytest.approx(timedelta(hours=12), abs=timedelta(seconds=5))
    await LoginSession.all().update(expires_at=datetime.now(UTC))
    assert await read_session(token, platform.settings.sessions) is None
    assert await keep_sessions([session.id]) == set()


async def test_sign_of_life_is_written_once_a_minute_at_most(ctx: Context, platform: Platform) -> None:
    token = await open_session(ctx, (await user(ctx)).id)
    recent = datetime.now(UTC) - timedelta(seconds=50)
    await LoginSession.all().update(seen_at=recent)
    await read_session(token, platform.settings.sessions)
    assert (await LoginSession.get()).seen_at == recent
    await LoginSession.all().update(seen_at=recent - timedelta(seconds=20))
    await read_session(token, platform.settings.sessions)
    assert (await LoginSession.get()).seen_at > recent


async def test_session_is_read_with_one_query(
    ctx: Context, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await open_session(ctx, (await user(ctx)).id)
    identity = Identity(platform)
    await identity.of(token)
    statements: list[str] = []

    from core.database import connection

    original = connection.get_connection

    def counting(name: str):
        statements.append(name)
        return original(name)

    monkeypatch.setattr(connection, "get_connection", counting)
    await identity.of(token)
    assert len(statements) == 1


async def test_logout_ends_this_login_alone(ctx: Context, platform: Platform) -> None:
    created = await user(ctx)
    here, elsewhere = await open_session(ctx, created.id), await open_session(ctx, created.id)
    await close_session(ctx, (await signed_in(platform, here)).session_id)
    assert await read_session(here, platform.settings.sessions) is None
    assert await read_session(elsewhere, platform.settings.sessions)


async def test_expired_sessions_are_cleared_away_at_the_next_login(ctx: Context) -> None:
    created = await user(ctx)
    await open_session(ctx, created.id)
    await LoginSession.all().update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    await open_session(ctx, created.id)
    assert await LoginSession.all().count() == 1
