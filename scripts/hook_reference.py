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
not need. `collect` hooks give a list of what their signature names; of `first` hooks the first answer that is not None
counts, and the plugins after it are not asked; `veto` hooks give a `Block` or None, and every reason is shown; `notify`
hooks give nothing and are told after the commit. An answer of another type is a failure. A hook that fails `open` is
logged while the others still run; one that fails `closed` stops what was asked for. `@hookimpl(tryfirst=True)` and
`trylast=True` come before and after the order of plugins.
"""


def reference() -> str:
    """The whole page."""
    source = inspect.getsource(hookspecs)
    groups = re.findall(r"^# --- (.+?) -+\n(.*?)(?=^# ---|\Z)", source, re.DOTALL | re.MULTILINE)
    names = [name for _banner, body in groups for name in re.findall(r"^(?:async )?def (\w+)", body, re.MULTILINE)]
    parts = [INTRODUCTION, _overview(names)]
    for banner, body in groups:
        parts.append(f"## {banner}\n")
        parts += [_entry(name) for name in re.findall(r"^(?:async )?def (\w+)", body, re.MULTILINE)]
    return "\n".join(parts)


def _overview(names: list[str]) -> str:
    """All hooks with their contracts, in one table."""
    rows = [
        "## All of them",
        "",
        "| hook | called for | results | when it fails | seconds | since |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        contract = getattr(hookspecs, name).contract
        limit = f"{contract.timeout:g}" if contract.asynchronous else "–"
        cells = (
            f"[`{name}`](#{name})",
            contract.scope.value,
            contract.mode.value,
            contract.fail.value,
            limit,
            contract.since,
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, ""])


def _entry(name: str) -> str:
    function = getattr(hookspecs, name)
    contract = function.contract
    colour = "async def" if contract.asynchronous else "def"
    limit = f", {contract.timeout:g} s" if contract.asynchronous else ""
    facts = f"{contract.scope.value}, {contract.mode.value}, fails {contract.fail.value}{limit}, since {contract.since}"
    signature = re.sub(r"[\w.]+\.(\w+)", r"\1", str(inspect.signature(function))).replace("'", "")
    text = f"### {name}\n\n```python\n{colour} {name}{signature}\n```\n\n*{facts}*\n\n{inspect.getdoc(function)}\n"
    return text + "".join(f"\n**{sentence}**\n" for sentence in _going(name))


def _going(name: str) -> list[str]:
    """What of a hook will be gone with a later version."""
    contract = getattr(hookspecs, name).contract
    going = {"It": contract.deprecated} if contract.deprecated else {}
    going |= {f"The argument `{argument}`": each for argument, each in contract.deprecated_arguments.items()}
    return [
        f"{what} is deprecated since {each.since} and will be gone in {each.removal}. {each.replacement}"
        for what, each in going.items()
    ]


def main() -> int:
    """Writes the page, or checks it."""
    text = reference()
    if "--check" in sys.argv:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
