"""Jobs may run twice, and belong to one tenant."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from tortoise import Tortoise
from tortoise.fields import DatetimeField

from core.database.connection import fetch
from core.jobs.registry import Job
from core.plugins.discovery import PluginRecord
from core.tenancy.context import TenantRef
from switchroom.testing.app import App
from switchroom.testing.contract.base import ContractBase, Place, refuse
from switchroom.testing.enabling import switch_off
from switchroom.testing.jobs import Jobs
from switchroom.testing.sweeping import all_rows

KEPT_BY_CORE = frozenset({"core_job", "core_session", "core_plugin_issue"})
"""Tables in which a second run may leave its own traces."""


class JobsContract(ContractBase):
    """Every job, with rows of its own tenant, of another one, and where the plugin is off."""

    async def test_a_job_that_runs_twice_leaves_the_same_rows(self, app: App, place: Place) -> None:
        findings: list[str] = []
        for job in _jobs(app, self.plugin):
            arguments = await self._arguments(place, job)
            once = await self._run(app, place, job, arguments, findings)
            twice = await self._run(app, place, job, arguments, findings)
            findings += [f"{job.name} changes {table} again when it runs again" for table in _differences(once, twice)]
        refuse("A job is not idempotent: it runs at least once, so now and then twice.", findings)

    async def test_a_job_touches_no_other_tenant(self, app: App, place: Place) -> None:
        other = await self.make_place(app, "globex")
        findings: list[str] = []
        for job in _jobs(app, self.plugin):
            await self._arguments(other, job)
            arguments = await self._arguments(place, job)
            before = await all_rows(other.tenant)
            await self._run(app, place, job, arguments, findings)
            changed = _differences(before, await all_rows(other.tenant))
            findings += [f"{job.name} of one tenant changes {table} of another" for table in changed]
        refuse("A job is not bound to its tenant.", findings)

    async def test_a_job_is_skipped_where_the_plugin_is_off(self, app: App, place: Place) -> None:
        prepared = [(job, await self._arguments(place, job)) for job in _jobs(app, self.plugin)]
        await switch_off(app.platform, place.tenant, self.plugin)
        before = await all_rows(place.tenant)
        findings: list[str] = []
        for job, arguments in prepared:
            await self._run(app, place, job, arguments, findings)
            changed = _differences(before, await all_rows(place.tenant))
            findings += [f"{job.name} changes {table} though the plugin is off" for table in changed]
        refuse("A job runs for a tenant that has switched the plugin off.", findings)

    async def test_names_of_jobs_begin_with_the_plugin(self, app: App, record: PluginRecord) -> None:
        refuse(
            "A job has a name that is not the plugin's.",
            [job.name for job in _jobs(app, self.plugin) if not job.name.startswith(f"{self.plugin}.")],
        )

    async def _arguments(self, place: Place, job: Job) -> Mapping[str, object]:
        """What the job is called with: what the author gives, else rows that `arrange` has made."""
        async with place.agent.context(self.plugin) as ctx:
            given = await self.arrange(ctx)
            await self.conversation(place, ctx)
        said = self.job_arguments(job.name)
        if said is not None:
            return said
        parameters = list(inspect.signature(job.function).parameters.values())[1:]
        needed = [each.name for each in parameters if each.default is inspect.Parameter.empty]
        return await self.values_for(place, needed, given)

    async def _run(
        self, app: App, place: Place, job: Job, arguments: Mapping[str, object], findings: list[str]
    ) -> dict[str, list[str]]:
        try:
            await Jobs(app.platform).run(job.name, place.tenant.id, **json.loads(json.dumps(dict(arguments))))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is the finding
            findings.append(f"{job.name} raises {type(error).__name__}: {error}. Give it other job_arguments().")
        return await _rows(place.tenant)


def _jobs(app: App, plugin: str) -> list[Job]:
    record = app.plugins.get(plugin)
    assert record is not None, f"There is no plugin {plugin!r}."
    scheduled = [schedule.job for schedule in record.contributions.schedules]
    return list({job.name: job for job in [*record.contributions.jobs, *scheduled]}.values())


async def _rows(tenant: TenantRef) -> dict[str, list[str]]:
    """The tenant's rows without the times of their last change, which a second run may renew."""
    renewed = {
        model._meta.db_table: {name for name, field in model._meta.fields_map.items() if _renews(field)}
        for app in (Tortoise.apps or {}).values()
        for model in app.values()
    }
    rows = await all_rows(tenant)
    for table, columns in renewed.items():
        if table in rows and columns:
            without = ", ".join(f"'{column}'" for column in columns)
            found = await fetch(
                f"SELECT (to_jsonb(t) - ARRAY[{without}])::text AS row "  # noqa: S608 - names of tables and columns
                f'FROM "{table}" AS t WHERE tenant_id = $1',
                tenant.id,
            )
            rows[table] = sorted(each["row"] for each in found)
    return rows


def _renews(field: Any) -> bool:
    return isinstance(field, DatetimeField) and bool(field.auto_now)


def _differences(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> list[str]:
    return [table for table in sorted(before) if table not in KEPT_BY_CORE and before[table] != after.get(table)]
