"""The start-up audit: every model says whose its rows are, and lives in tables of its own app."""

from __future__ import annotations

from tortoise.models import Model

from core.tenancy.models import GlobalModel, TenantManager, TenantModel


def audit_models(app: str, models: list[type[Model]]) -> list[str]:
    """What is wrong with the models of an app, one sentence each; an empty list when nothing is."""
    problems: list[str] = []
    for model in models:
        name = f"{model.__module__}.{model.__name__}"
        if not issubclass(model, TenantModel | GlobalModel):
            problems.append(f"{name} is neither a TenantModel nor a GlobalModel, so nobody knows whose its rows are.")
        elif issubclass(model, TenantModel) and not isinstance(model._meta.manager, TenantManager):
            problems.append(f"{name} replaced the manager that keeps tenants apart.")
        if not model._meta.db_table.startswith(f"{app}_"):
            problems.append(f"{name} uses the table {model._meta.db_table!r}; tables of {app!r} start with '{app}_'.")
    return problems
