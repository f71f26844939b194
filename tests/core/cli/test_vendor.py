"""Operators and tenants on the command line, as a person uses it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.core.cli.conftest import Installation

PASSWORD = "correct horse battery\n"


def test_operators_are_managed(shared: Installation) -> None:
    assert shared.run("migrate").code == 0
    assert "no operators yet" in shared.run("operators", "list").output
    refused = shared.run("operators", "create", "vera", "--name", "Vera", "--password-stdin", typed="short\n")
    assert (refused.code, "at least 12 characters" in refused.errors) == (2, True)
    made = shared.run("operators", "create", "Vera", "--name", "Vera Novak", "--password-stdin", typed=PASSWORD)
    assert (made.code, made.errors) == (0, "")
    assert shared.run("operators", "list").output.splitlines()[1].split() == ["vera", "Vera", "Novak", "active"]
    changed = shared.run("operators", "password", "vera", "--password-stdin", typed="another battery staple\n")
    assert "has a new password" in changed.output
    assert shared.run("operators", "deactivate", "vera").code == 0
    assert shared.run("operators", "list").output.splitlines()[1].split()[-1] == "off"
    unknown = shared.run("operators", "deactivate", "nobody")
    assert (unknown.code, "no operator named nobody" in unknown.errors) == (2, True)


def test_tenants_are_suspended_cloned_exported_and_deleted(shared: Installation) -> None:
    assert shared.run("migrate").code == 0
    assert shared.run("tenants", "create", "acme", "--name", "Acme").code == 0
    person = ("users", "create", "acme", "anna", "--name", "Anna", "--role", "agent", "--password-stdin")
    assert shared.run(*person, typed=PASSWORD).code == 0
    assert shared.run("tenants", "suspend", "acme").output == "acme is suspended.\n"
    assert shared.run("tenants", "suspend", "acme").output == "acme is suspended already.\n"
    assert shared.run("tenants", "resume", "acme").output == "acme works again.\n"

    cloned = shared.run("tenants", "clone", "acme", "acme-two", "--name", "Acme Two")
    assert (cloned.code, "with 1 people" in cloned.output) == (0, True)
    assert "anna" in shared.run("users", "list", "acme-two").output
    assert shared.run("tenants", "clone", "acme", "acme-two", "--name", "Again").code == 2

    exported = shared.run("tenants", "export", "acme")
    assert exported.code == 0, exported.errors
    with zipfile.ZipFile(Path(exported.output.strip())) as archive:
        assert {"manifest.json", "tables/core_user.jsonl"} <= set(archive.namelist())

    refused = shared.run("tenants", "delete", "acme", "--confirm", "acme-two")
    assert (refused.code, "Type the short name acme" in refused.errors) == (2, True)
    deleted = shared.run("tenants", "delete", "acme", typed="acme\n")
    assert "Deleted acme:" in deleted.output
    left = [line.split()[0] for line in shared.run("tenants", "list").output.splitlines()[1:]]
    assert left == ["acme-two"]
