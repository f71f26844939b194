"""All checks of one plugin."""

from __future__ import annotations

from pathlib import Path

from core.authoring.checks.finding import Finding, Subject, subject_of
from core.authoring.checks.loaded import check_loaded
from core.authoring.checks.source import check_files, check_imports, check_manifest
from core.authoring.checks.wheel import check_wheel
from core.authoring.texts import text_problems

BUNDLED = Path(__file__).resolve().parents[3] / "plugins"


async def check_plugin(target: str, *, wheel: bool) -> tuple[Subject, list[Finding]]:
    """Everything that is wrong with a plugin, by file and line.

    Args:
        target: A folder, or the name of an installed plugin.
        wheel: Whether to build its wheel and compare it with the source.

    Raises:
        NotFound: There is no such plugin.
    """
    subject = subject_of(target, BUNDLED)
    findings = [*check_manifest(subject), *check_files(subject), *check_imports(subject), *_texts(subject)]
    if (subject.folder / "plugin.py").is_file():
        findings += await check_loaded(subject)
    else:
        place = subject.place(subject.folder / "plugin.py")
        findings.append(Finding(place, 0, "There is no such file.", "Let it hold an object named `plugin`."))
    if wheel:
        findings += check_wheel(subject)
    return subject, sorted(set(findings))


def _texts(subject: Subject) -> list[Finding]:
    return [
        Finding(
            subject.place(subject.folder / each.file),
            each.line,
            f"In {each.language}, {each.problem}.",
            f"Correct it in locale/{each.language}/LC_MESSAGES.",
        )
        for each in text_problems(subject.folder)
    ]
