"""API tokens: made once, shown once, and worth nothing as soon as anything that they stand on is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.accounts.models import ApiToken
from core.accounts.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from core.accounts.tokens import create_token, get_token, read_token, revoke_token, tokens
from core.accounts.users import create_user, deactivate_user, set_roles
from core.audit.log import entries
from core.database.connection import execute, fetch_row, fetch_value
from core.errors import InvalidInput, NotFound
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef

pytestmark = pytest.mark.anyio


@pytest.fixture
async def anna(ctx: Context) -> int:
    """Somebody with two roles."""
    return (await create_user(ctx, "anna", "Anna", "a long password", [AGENT, SUPERVISOR])).id


async def made(ctx: Context, user_id: int, role: str = AGENT, expires_at: datetime | None = None) -> str:
    """A token."""
    text, _view = await create_token(ctx, name="Reports", user_id=user_id, role=role, expires_at=expires_at)
    return text


async def test_token_acts_as_its_user_in_its_role(ctx: Context, anna: int) -> None:
    text, view = await create_token(ctx, name=" Reports ", user_id=anna, role=SUPERVISOR, expires_at=None)
    assert text.startswith("swr_")
    assert (view.name, view.user_name, view.role, view.hint, view.works) == (
        "Reports",
        "Anna",
        SUPERVISOR,
        text[-4:],
        True,
    )
    read = await read_token(text)
    assert read is not None
    assert read.role is not None
    assert (read.tenant.slug, read.user_id, read.role.key, read.token_id) == ("acme", anna, SUPERVISOR, view.id)


async def test_token_itself_is_stored_nowhere(ctx: Context, anna: int) -> None:
    text = await made(ctx, anna)
    row = await fetch_row("SELECT token::text AS token FROM core_api_token AS token")
    audited = await fetch_value("SELECT string_agg(entry::text, '') FROM core_audit AS entry")
    assert row is not None
    assert text not in row["token"]
    assert text not in audited


async def test_revoked_token_is_wrong_at_once(ctx: Context, anna: int) -> None:
    text = await made(ctx, anna)
    await revoke_token(ctx, (await tokens(ctx))[0].id)
    assert await read_token(text) is None
    assert await tokens(ctx) == []
    assert [entry.action for entry in await entries(ctx.tenant.id)][:2] == ["core.token_revoked", "core.token_created"]


async def test_expired_token_is_wrong(ctx: Context, anna: int) -> None:
    text = await made(ctx, anna, expires_at=datetime.now(UTC) + timedelta(days=1))
    assert await read_token(text) is not None
    await execute("UPDATE core_api_token SET expires_at = now() - interval '1 second'")
    assert await read_token(text) is None


async def test_token_of_a_user_who_was_switched_off_is_wrong(ctx: Context, anna: int) -> None:
    text = await made(ctx, anna)
    await deactivate_user(ctx, anna)
    assert await read_token(text) is None
    assert not (await tokens(ctx))[0].works


async def test_token_ends_with_the_role_of_its_user(ctx: Context, anna: int) -> None:
    text = await made(ctx, anna, AGENT)
    await set_roles(ctx, anna, [SUPERVISOR])
    assert await read_token(text) is None


async def test_token_of_a_suspended_organisation_is_wrong(ctx: Context, anna: int) -> None:
    text = await made(ctx, anna)
    await execute("UPDATE core_tenant SET suspended = true WHERE id = $1", ctx.tenant.id)
    assert await read_token(text) is None


async def test_use_is_noted_once_a_minute(ctx: Context, anna: int) -> None:
    text = await made(ctx, anna)
    await read_token(text)
    noted = (await tokens(ctx))[0].used_at
    assert noted is not None
    await read_token(text)
    assert (await tokens(ctx))[0].used_at == noted
    await execute("UPDATE core_api_token SET used_at = used_at - interval '61 seconds'")
    await read_token(text)
    assert (await tokens(ctx))[0].used_at >= noted


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"user_id": 99_999}, "user_id"),
        ({"role": ADMINISTRATOR}, "role"),
        ({"role": "nobody"}, "role"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at"),
    ],
)
async def test_token_that_could_never_work_is_not_made(
    ctx: Context, anna: int, wrong: dict[str, object], field: str
) -> None:
    given: dict[str, object] = {"name": "Reports", "user_id": anna, "role": AGENT, "expires_at": None, **wrong}
    with pytest.raises(InvalidInput) as refused:
        await create_token(ctx, **given)  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]
    assert await ApiToken.all().count() == 0


@pytest.mark.parametrize("text", ["", "swr_", "swr_wrong", "something else", "swr_" + "x" * 10_000])
async def test_other_texts_are_no_tokens(ctx: Context, text: str) -> None:
    assert await read_token(text) is None


async def test_other_organisation_sees_and_revokes_none(
    platform: Platform, ctx: Context, anna: int, other_tenant: TenantRef
) -> None:
    text = await made(ctx, anna)
    token_id = (await tokens(ctx))[0].id
    async with platform.context(other_tenant) as other:
        assert await tokens(other) == []
        with pytest.raises(NotFound):
            await get_token(other, token_id)
        with pytest.raises(NotFound):
            await revoke_token(other, token_id)
        with pytest.raises(InvalidInput):
            await create_token(other, name="Theirs", user_id=anna, role=AGENT, expires_at=None)
    assert await read_token(text) is not None
