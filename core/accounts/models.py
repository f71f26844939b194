"""Users, roles and sessions."""

from __future__ import annotations

from tortoise import fields

from core.tenancy.models import GlobalModel, TenantModel


class User(TenantModel):
    """A person who logs in."""

    username = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    password_hash = fields.CharField(max_length=200)
    language = fields.CharField(max_length=12, null=True)
    timezone = fields.CharField(max_length=64, null=True)
    theme = fields.CharField(max_length=8, default="auto")
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_user"
        unique_together = (("tenant", "username"),)


class Role(TenantModel):
    """A set of permissions. What a built-in one allows is declared by core and plugins, and not stored."""

    key = fields.CharField(max_length=40)
    name = fields.CharField(max_length=100)
    built_in = fields.BooleanField(default=False)
    permissions: list[str] = fields.JSONField(default=list)

    class Meta:
        table = "core_role"
        unique_together = (("tenant", "key"),)


class UserRole(TenantModel):
    """A role that a user may work in."""

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    role: fields.ForeignKeyRelation[Role] = fields.ForeignKeyField("core.Role", related_name=False)
    role_id: int

    class Meta:
        table = "core_user_role"
        unique_together = (("user", "role"),)


class LoginSession(TenantModel):
    """A login, known to the browser by a random token of which only a digest is stored."""

    token_digest = fields.CharField(max_length=64, unique=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    role: fields.ForeignKeyNullableRelation[Role] = fields.ForeignKeyField(
        "core.Role", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    role_id: int | None
    created_at = fields.DatetimeField(auto_now_add=True)
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "core_session"


class ApiToken(TenantModel):
    """A key by which a program acts as a user in one of the user's roles. Only a digest is stored.

    Attributes:
        hint: The last characters, so that people tell tokens apart.
        expires_at: None is never.
    """

    name = fields.CharField(max_length=100)
    token_digest = fields.CharField(max_length=64, unique=True)
    hint = fields.CharField(max_length=8)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    role: fields.ForeignKeyRelation[Role] = fields.ForeignKeyField("core.Role", related_name=False)
    role_id: int
    created_by: int | None = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField(null=True)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "core_api_token"


class LoginLimit(GlobalModel):
    """Tries to log in, counted for one account or one address; a row also exists for accounts that do not.

    Attributes:
        key: A digest of what is counted, so that the table holds no names of people or addresses.
        blocked_until: Until when no password is even looked at.
    """

    key = fields.CharField(max_length=64, primary_key=True)
    attempts = fields.IntField()
    window_started_at = fields.DatetimeField()
    blocked_until = fields.DatetimeField(null=True)

    class Meta:
        table = "core_login_limit"
