"""Nothing of one tenant is visible to another, and the database itself holds that."""

from __future__ import annotations

import pytest
from tortoise import fields
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from core.accounts.models import Role, User, UserRole
from core.agents.models import Team
from core.database.connection import execute
from core.errors import NotFound
from core.plugins.context import Context, Platform
from core.tenancy.audit import audit_models
from core.tenancy.context import NoTenant, TenantRef, tenant_scope
from core.tenancy.models import GlobalModel, TenantModel

pytestmark = pytest.mark.anyio


async def make_user(username: str) -> User:
    """A user of the current tenant."""
    return await User.create(username=username, name=username, password_hash="none")


async def test_queries_see_the_rows_of_the_current_tenant_alone(tenant: TenantRef, other_tenant: TenantRef) -> None:
    with tenant_scope(tenant):
        mine = await make_user("anna")
    with tenant_scope(other_tenant):
        await make_user("ben")
        assert [user.username for user in await User.all()] == ["ben"]
        assert await User.get_or_none(id=mine.id) is None
        assert await User.filter(id=mine.id).update(name="changed") == 0
        assert await User.filter(id=mine.id).delete() == 0
    with tenant_scope(tenant):
        assert (await User.get(id=mine.id)).name == "anna"


async def test_without_a_tenant_there_are_no_rows_but_an_error(tenant: TenantRef) -> None:
    with pytest.raises(NoTenant):
        await User.all()
    with pytest.raises(NoTenant):
        User(username="nobody", name="Nobody", password_hash="none")


async def test_a_row_of_another_tenant_is_neither_saved_nor_deleted(tenant: TenantRef, other_tenant: TenantRef) -> None:
    with tenant_scope(tenant):
        mine = await make_user("anna")
    with tenant_scope(other_tenant):
        mine.name = "stolen"
        for attempt in (mine.save, mine.delete, mine.refresh_from_db):
            with pytest.raises(NotFound):
                await attempt()
        with pytest.raises(NotFound):
            User.bulk_create([mine])


async def test_the_database_refuses_a_reference_into_another_tenant(tenant: TenantRef, other_tenant: TenantRef) -> None:
    with tenant_scope(other_tenant):
        theirs = await make_user("ben")
    with tenant_scope(tenant):
        role = await Role.all().first()
        assert role is not None
        with pytest.raises(IntegrityError):
            await UserRole.create(user_id=theirs.id, role_id=role.id)
        team = await Team.all().first()
        assert team is not None
        with pytest.raises(IntegrityError):
            await execute(
                "INSERT INTO core_agent (tenant_id, user_id, team_id, intent, do_not_disturb, occupancy, status, "
                "status_since) VALUES ($1, $2, $3, 'pause', false, 'free', 'offline', now())",
                tenant.id,
                theirs.id,
                team.id,
            )


async def test_the_audit_finds_models_that_do_not_say_whose_their_rows_are() -> None:
    class Stray(Model):
        id = fields.BigIntField(primary_key=True)

        class Meta:
            table = "kb_stray"

    class Misplaced(GlobalModel):
        id = fields.BigIntField(primary_key=True)

        class Meta:
            table = "core_misplaced"

    class Right(TenantModel):
        class Meta:
            table = "kb_right"

    problems = audit_models("kb", [Stray, Misplaced, Right])
    assert len(problems) == 2
    assert "neither a TenantModel nor a GlobalModel" in problems[0]
    assert "start with 'kb_'" in problems[1]


async def test_a_suspended_tenant_is_not_found(platform: Platform, ctx: Context) -> None:
    await execute("UPDATE core_tenant SET suspended = true WHERE id = $1", ctx.tenant.id)
    with pytest.raises(NotFound):
        await platform.tenant(slug=ctx.tenant.slug)
