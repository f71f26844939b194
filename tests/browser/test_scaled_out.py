"""The main job over several processes: two web servers, two workers, a scheduler, a media server, a real broker."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests import processes
from tests.browser.conftest import OpenPage, log_in
from tests.browser.main_job import do_the_main_job
from tests.conftest import scratch_database
from tests.serving import ServerProcess, free_port, running, server_environ

PASSWORD = "a password of some length"


@pytest.fixture
def web_servers(
    database_server: str, migrated: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Two web servers of one installation, with everything else that it needs.

    The broker is Redis: that RabbitMQ does the same is seen where jobs are tested.
    """
    folder = tmp_path_factory.mktemp("installation")
    with scratch_database(database_server, copy_of=migrated) as url:
        environ = server_environ(
            url,
            folder,
            SWITCHROOM__BROKER__URL=redis_url,
            SWITCHROOM__LIVE__URL=redis_url,
            SWITCHROOM__DEMO="false",
        )
        command(environ, "migrate")
        command(environ, "tenants", "create", "demo", "--name", "Demo")
        command(environ, "users", "create", "demo", "agent1", "--name", "Anna", "--role", "agent", "--password-stdin")
        web = [ServerProcess("web", environ, folder / f"web{number}.log", free_port()) for number in (1, 2)]
        others = [
            ServerProcess(name, environ, folder / f"{name}{number}.log", None)
            for name, number in (("media", 1), ("scheduler", 1), ("worker", 1), ("worker", 2))
        ]
        with running(*others, *web):
            yield web[0], web[1]


def command(environ: dict[str, str], *words: str) -> None:
    """Runs a command of the product."""
    done = processes.run(words, {**os.environ, **environ}, typed=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr


def test_the_main_job_over_several_processes(
    web_servers: tuple[ServerProcess, ServerProcess],
    open_page: OpenPage,
    agent_browser: Browser,
    caller_browser: Browser,
) -> None:
    first, second = web_servers
    caller = open_page(caller_browser, "/call/demo", server=first, permissions=["microphone"])

    def sign_in() -> Page:
        page = open_page(agent_browser, "/login", server=second)
        log_in(page, "agent1", PASSWORD)
        return page

    do_the_main_job(caller, sign_in)
