"""Writes `docs/plugin-authors/hooks.md` from `hookspecs.py`; with `--check`, only says whether it is up to date."""

import inspect
import re
import sys
from pathlib import Path

import hookspecs

TARGET = Path(__file__).resolve().parent.parent / "docs" / "plugin-authors" / "hooks.md"
INTRODUCTION = """# Hooks

<!-- Generated from hookspecs.py by scripts/hook_reference.py. Do not edit. -->

A plugin implements a hook by a method of that name, marked with `@hookimpl`. It may leave out arguments that it does
not need. `collect` hooks give a value or a list; `notify` hooks give nothing and are told after the commit. A hook that
fails `open` is logged while the others still run; one that fails `closed` stops what was asked for.
"""


def reference() -> str:
    """The whole page."""
    source = inspect.getsource(hookspecs)
    parts = [INTRODUCTION]
    for banner, body in re.findall(r"^# --- (.+?) -+\n(.*?)(?=^# ---|\Z)", source, re.DOTALL | re.MULTILINE):
        parts.append(f"## {banner}\n")
        parts += [_entry(name) for name in re.findall(r"^(?:async )?def (\w+)", body, re.MULTILINE)]
    return "\n".join(parts)


def _entry(name: str) -> str:
    function = getattr(hookspecs, name)
    contract = function.contract
    colour = "async def" if contract.asynchronous else "def"
    limit = f", {contract.timeout:g} s" if contract.asynchronous else ""
    facts = f"{contract.scope.value}, {contract.mode.value}, fails {contract.fail.value}{limit}, since {contract.since}"
    signature = re.sub(r"[\w.]+\.(\w+)", r"\1", str(inspect.signature(function))).replace("'", "")
    return f"### {name}\n\n```python\n{colour} {name}{signature}\n```\n\n*{facts}*\n\n{inspect.getdoc(function)}\n"


def main() -> int:
    """Writes the page, or checks it."""
    text = reference()
    if "--check" in sys.argv:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
