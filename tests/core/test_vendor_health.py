"""What the console says of the installation when something of it is not well."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from core.database.connection import execute
from core.plugins.context import Platform
from core.vendor import health
from core.vendor.health import Level, Sign
from core.vendor.processes import Report

pytestmark = pytest.mark.anyio


async def sign(platform: Platform, title: str) -> Sign:
    """What is said of one part."""
    return next(each for each in await health.signs(platform) if each.title == title)


async def test_all_is_well_where_a_scheduler_runs(platform: Platform) -> None:
    await Report(platform.registry, ["web", "worker", "scheduler"]).tell()
    found = await health.signs(platform)
    assert {each.title: each.text for each in found if each.level is not Level.GOOD} == {}
    assert health.worst(found) is Level.GOOD


async def test_no_scheduler_and_late_jobs_are_said(platform: Platform) -> None:
    assert (await sign(platform, "Scheduler")).level is Level.BAD
    await Report(platform.registry, ["scheduler"]).tell()
    await execute(
        "INSERT INTO core_job (name, arguments, due_at, state, attempt, started, error, created_at) "
        "VALUES ('core.measure_usage', '{}', now() - interval '30 seconds', 'due', 0, false, '', now()), "
        "('core.measure_usage', '{}', now(), 'dead', 10, false, 'boom', now())"
    )
    late = await sign(platform, "Scheduler")
    assert late.level is Level.WARN
    assert 29 < float(late.value.removesuffix(" s")) < 60
    assert (await sign(platform, "Jobs")).value == "1 given up"
    assert health.worst(await health.signs(platform)) is Level.WARN


async def test_a_schema_of_newer_code_is_said(platform: Platform) -> None:
    await execute("INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('core', '9999_later', now())")
    try:
        found = await sign(platform, "Schema")
    finally:
        await execute("DELETE FROM tortoise_migrations WHERE name = '9999_later'")
    assert found.level is Level.BAD
    assert "9999_later" in found.text


async def test_a_process_that_went_without_a_word_is_said(platform: Platform) -> None:
    await Report(platform.registry, ["scheduler"]).tell()
    await Report(platform.registry, ["worker"]).tell()
    assert (await sign(platform, "Processes")).level is Level.GOOD
    await execute("UPDATE core_process SET seen_at = now() - interval '10 minutes' WHERE roles = 'worker'")
    found = await sign(platform, "Processes")
    assert (found.level, found.value) == (Level.WARN, "1")
    await execute("UPDATE core_process SET seen_at = now() - interval '2 days' WHERE roles = 'worker'")
    assert (await sign(platform, "Processes")).level is Level.GOOD


async def test_different_versions_are_said(platform: Platform) -> None:
    await Report(platform.registry, ["scheduler"]).tell()
    await Report(platform.registry, ["worker"]).tell()
    await execute("UPDATE core_process SET version = '0.0.9' WHERE roles = 'worker'")
    assert "0.0.9" in (await sign(platform, "Processes")).text
    assert (await sign(platform, "Processes")).level is Level.WARN


def with_broker(platform: Platform, url: str) -> Platform:
    broker = platform.settings.broker.model_copy(update={"url": SecretStr(url)})
    return replace(platform, settings=platform.settings.model_copy(update={"broker": broker}))


async def test_a_broker_that_answers_and_one_that_does_not(platform: Platform, redis_url: str) -> None:
    assert (await sign(with_broker(platform, redis_url), "Broker")).level is Level.GOOD
    away = await sign(with_broker(platform, "redis://user:hidden@127.0.0.1:1/0"), "Broker")
    assert away.level is Level.BAD
    assert "hidden" not in away.text
    away = await sign(with_broker(platform, "amqp://user:hidden@127.0.0.1:1/"), "Broker")
    assert away.level is Level.BAD
    assert "hidden" not in away.text


async def test_rabbitmq_is_asked(platform: Platform, rabbitmq_url: str) -> None:
    assert (await sign(with_broker(platform, rabbitmq_url), "Broker")).level is Level.GOOD


async def test_a_part_that_breaks_harms_no_other(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(_platform: Platform) -> Sign:
        raise RuntimeError("no")

    monkeypatch.setattr(health, "_live", breaks)
    found = {each.title: each for each in await health.signs(platform)}
    assert found["Live updates"].level is Level.BAD
    assert found["Database"].level is Level.GOOD
