"""The two kinds of rows: those of one tenant, and those of the installation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from tortoise import fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.manager import Manager
from tortoise.models import Model
from tortoise.queryset import QuerySet

from core.errors import NotFound
from core.tenancy.context import TenantRef, current_tenant


class GlobalModel(Model):
    """A row of the installation, belonging to no tenant. The start-up audit asks for this to be said."""

    class Meta:
        abstract = True


class Tenant(GlobalModel):
    """One customer organisation of the vendor."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=40, unique=True)
    name = fields.CharField(max_length=200)
    language = fields.CharField(max_length=12, default="en")
    timezone = fields.CharField(max_length=64, default="UTC")
    suspended = fields.BooleanField(default=False)
    enablement_version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_tenant"

    def ref(self) -> TenantRef:
        """This tenant as a value."""
        return TenantRef(self.id, self.slug, self.name, self.language, self.timezone, self.enablement_version)


class TenantManager(Manager):
    """Starts every query from the rows of the current tenant."""

    def get_queryset(self) -> QuerySet[Any]:
        """The rows of the current tenant; raises `NoTenant` when there is none."""
        return super().get_queryset().filter(tenant_id=current_tenant().id)


class TenantModel(Model):
    """A row of one tenant.

    Queries see the current tenant's rows alone; with no tenant current they raise `NoTenant`. A new row belongs to the
    current tenant; a row of another one is neither saved nor deleted. That foreign keys stay inside the tenant is
    enforced by the database itself: `core.tenancy.keys` adds a composite key to each of them.
    """

    id = fields.BigIntField(primary_key=True)
    tenant: fields.ForeignKeyRelation[Tenant] = fields.ForeignKeyField(
        "core.Tenant", related_name=False, on_delete=fields.CASCADE
    )
    tenant_id: int

    class Meta:
        abstract = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # A manager named in an abstract Meta is not inherited by the ORM: a base class that relied on it filtered
        # nothing, silently. So each concrete class gets its own.
        if not cls._meta.abstract:
            cls._meta.manager = TenantManager(cls)

    def __init__(self, **kwargs: Any) -> None:
        if "tenant" not in kwargs and "tenant_id" not in kwargs:
            kwargs["tenant_id"] = current_tenant().id
        super().__init__(**kwargs)

    async def save(self, *args: Any, **kwargs: Any) -> None:
        """Stores the row; raises `NotFound` when it is another tenant's."""
        self._check_tenant()
        await super().save(*args, **kwargs)

    async def delete(self, *args: Any, **kwargs: Any) -> None:
        """Removes the row; raises `NotFound` when it is another tenant's."""
        self._check_tenant()
        await super().delete(*args, **kwargs)

    @classmethod
    def bulk_create(cls, objects: Iterable[Self], *args: Any, **kwargs: Any) -> Any:
        """Stores rows of the current tenant; raises `NotFound` when one is another tenant's."""
        rows = list(objects)
        for row in rows:
            row._check_tenant()
        return super().bulk_create(rows, *args, **kwargs)

    def _check_tenant(self) -> None:
        if self.tenant_id != current_tenant().id:
            raise NotFound(f"This {type(self).__name__} belongs to another tenant.")

    async def refresh_from_db(
        self, fields: Iterable[str] | None = None, using_db: BaseDBAsyncClient | None = None
    ) -> None:
        """Reads the row anew; raises `NotFound` when it is another tenant's."""
        self._check_tenant()
        await super().refresh_from_db(fields=fields, using_db=using_db)
