"""The reference of hooks is what `hookspecs.py` says."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from types import ModuleType

import pytest

import hookspecs
from tests.conftest import ROOT
from tests.docs.pages import text_of

PAGE = "docs/plugin-authors/hooks.md"
SOURCE = {
    node.name: node
    for node in ast.parse(inspect.getsource(hookspecs)).body
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
}


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hook_reference", ROOT / "scripts" / "hook_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_is_up_to_date(generator: ModuleType) -> None:
    assert text_of(PAGE) == generator.reference(), "Run: .venv/bin/python scripts/hook_reference.py"


@pytest.mark.parametrize("name", SOURCE)
def test_hook_has_a_heading_with_its_exact_signature(name: str) -> None:
    node = SOURCE[name]
    colour = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    assert node.returns is not None
    signature = f"{colour} {name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
    assert f"### {name}\n\n```python\n{signature}\n```\n" in text_of(PAGE)


def test_reference_names_no_hook_that_does_not_exist() -> None:
    assert set(re.findall(r"^### (\w+)$", text_of(PAGE), re.MULTILINE)) == set(SOURCE)
