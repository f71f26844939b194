"""Writes the first version of a plugin: a whole distribution, with tests that pass."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.errors import Conflict, InvalidInput
from core.plugins.manifest import RESERVED

HERE = Path(__file__).parent
SCAFFOLD = HERE / "scaffold"
LICENSES = ("Apache-2.0", "BSD-3-Clause", "MIT")
NO_LICENSE = "none"

DEFAULT_SUMMARY = "Notes that everybody in an organisation sees."
DEFAULT_SUMMARY_RU = "Заметки, которые видит вся организация."

_NAME = re.compile(r"[a-z][a-z0-9]{1,30}")


@dataclass(frozen=True)
class Draft:
    """What is known of a plugin before there is any.

    Attributes:
        name: The plugin's name.
        summary: One sentence.
        author: Who holds the copyright.
        license: One of `LICENSES`, or `NO_LICENSE`.
    """

    name: str
    summary: str
    author: str
    license: str = "Apache-2.0"

    @property
    def distribution(self) -> str:
        """The name by which it is installed."""
        return f"switchroom-{self.name}"

    @property
    def package(self) -> str:
        """The name by which it is imported."""
        return f"switchroom_{self.name}"

    def values(self) -> dict[str, str]:
        """What the templates of the scaffold are filled with."""
        return {
            "name": self.name,
            "package": self.package,
            "distribution": self.distribution,
            "class_name": self.name.capitalize(),
            "summary": self.summary,
            # A summary of one's own is translated by hand: until then it is English for everybody.
            "summary_ru": DEFAULT_SUMMARY_RU if self.summary == DEFAULT_SUMMARY else self.summary,
            "summary_yaml": yaml.safe_dump(self.summary, width=10_000).removesuffix("...\n").strip(),
            "license": "" if self.license == NO_LICENSE else self.license,
            "author": self.author,
            "year": str(datetime.now(UTC).year),
        }


def check_name(name: str) -> None:
    """Refuses a name that a plugin cannot have.

    Raises:
        InvalidInput: Says why.
    """
    problem = ""
    if not _NAME.fullmatch(name):
        problem = "Use 2 to 31 small letters and digits, beginning with a letter."
    elif name in RESERVED:
        problem = f"Choose another one: {RESERVED[name]}."
    elif keyword.iskeyword(name) or name in sys.stdlib_module_names:
        problem = "Choose another one: it means something else in Python."
    if problem:
        raise InvalidInput(f"{name!r} cannot be the name of a plugin.", fields={"name": problem})


def write_plugin(draft: Draft, folder: Path) -> list[Path]:
    """Writes the distribution into a folder that does not exist yet; gives the files.

    Raises:
        InvalidInput: The plugin cannot have this name, or the summary is no single sentence.
        Conflict: The folder exists.
    """
    check_name(draft.name)
    if not draft.summary.strip() or any(letter in draft.summary for letter in '\n"\\'):
        raise InvalidInput(
            "The summary cannot be used.",
            fields={"summary": "Write one line, without quotation marks and backslashes."},
        )
    if folder.exists():
        raise Conflict(f"There is {folder} already.", mend="Name another folder with --into, or remove this one.")
    written = []
    for place, text in _files(draft):
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return sorted(written)


def _files(draft: Draft) -> Iterator[tuple[Path, str]]:
    """Pairs of a path inside the distribution and what stands there."""
    # The scaffold has templates of its own, in Jinja's usual marks: ours are others.
    environment = Environment(
        loader=FileSystemLoader([SCAFFOLD, HERE / "licenses"]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - it writes source code
        keep_trailing_newline=True,
        trim_blocks=True,
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
    )
    values = draft.values()
    for source in sorted(SCAFFOLD.rglob("*.jinja")):
        template = source.relative_to(SCAFFOLD).as_posix()
        place = template.removesuffix(".jinja").replace("_package_", draft.package).replace("_name_", draft.name)
        yield Path(".gitignore" if place == "gitignore" else place), environment.get_template(template).render(values)
    if draft.license != NO_LICENSE:
        yield Path("LICENSE"), environment.get_template(f"{draft.license}.txt").render(values)
