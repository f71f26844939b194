"""Writes the JSON Schema of forms to `docs/plugin-authors/`; with `--check`, only says whether it is up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from core.forms.published import form_json_schema

TARGET = Path(__file__).parent.parent / "docs" / "plugin-authors" / "form.schema.json"


def text() -> str:
    """The file's content."""
    return json.dumps(form_json_schema(), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Writes the file, or checks it."""
    if "--check" in sys.argv:
        return 0 if TARGET.read_text(encoding="utf-8") == text() else 1
    TARGET.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
