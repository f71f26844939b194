"""The examples of the pages on the API: they run, against a server on a database of its own."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.api.document import describe
from tests.conftest import scratch_database
from tests.docs.pages import text_of
from tests.serving import DEMO_PASSWORD, ServerProcess, free_port, running, server_environ

USE = "docs/administrators/api.md"
WRITE = "docs/plugin-authors/api.md"


def blocks(page: str, language: str) -> list[str]:
    """The examples of a page in one language."""
    return re.findall(rf"```{language}\n(.*?)```", text_of(page), re.DOTALL)


@pytest.fixture(scope="module")
def environ(database_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server of the demo organisation, with a token of its administrator, as the examples expect them."""
    folder = tmp_path_factory.mktemp("api")
    with scratch_database(database_server) as url:
        server = ServerProcess("run", server_environ(url, folder), folder / "run.log", free_port())
        with running(server):
            token = _token(server.url)
            yield {**os.environ, "SWITCHROOM": server.url, "TOKEN": token}


def _token(url: str) -> str:
    with httpx.Client(base_url=url) as browser:
        form = {"organisation": "demo", "username": "admin", "password": DEMO_PASSWORD}
        assert browser.post("/login", data=form).status_code == 303
        me = browser.get("/api/v1/core/me").json()
        body = {"name": "Examples", "user_id": me["id"], "role": "administrator"}
        made: dict[str, Any] = browser.post("/api/v1/core/tokens", json=body).json()
        return str(made["token"])


def run(command: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are written for curl, which is not here")
def test_examples_run_in_the_order_of_the_page(environ: dict[str, str]) -> None:
    who, twice = blocks(USE, "sh")
    listing, adding = blocks(USE, "python")
    assert '"username":"admin"' in run(["sh", "-ec", who], environ)
    assert "'admin'" in run([sys.executable, "-c", listing], environ)
    first, second = run(["sh", "-ec", twice], environ).replace("}{", "}\n{").splitlines()
    assert first == second
    added = run([sys.executable, "-c", adding], environ)
    assert run([sys.executable, "-c", adding], environ) == added


def test_example_for_authors_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = blocks(WRITE, "python")
    (tmp_path / "example_of_an_api.py").write_text(example, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    document = describe({"hello": importlib.import_module("example_of_an_api").API})
    operations = {each["operationId"]: each for item in document["paths"].values() for each in item.values()}
    assert operations.keys() == {"hello_list_greetings", "hello_get_greeting", "hello_say"}
    assert [each["name"] for each in operations["hello_say"]["parameters"]] == ["Idempotency-Key"]
    assert document["components"]["schemas"]["Greeting"]["properties"]["text"]["description"]
