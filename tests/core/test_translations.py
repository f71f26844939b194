"""Every text of core and of each bundled plugin is there in every language: what is used, and what is translated."""

from __future__ import annotations

import pytest

from core.authoring.texts import PLACEHOLDER, Text, forms, translated_texts, used_texts
from core.locale import languages
from tests.conftest import ROOT

# Errors are translated where they are shown, so what core raises them with counts as marked.
ERRORS = (
    "Conflict",
    "Forbidden",
    "InvalidInput",
    "NotFound",
    "OfferGone",
    "NotInTalk",
    "NoExtensionLeft",
    "WrapUpOver",
)
# The command line and what helps authors of plugins speak English.
ENGLISH = ("cli/", "authoring/")
SPEAKERS = {
    "core": ROOT / "core",
    **{file.parent.name: file.parent for file in sorted((ROOT / "plugins").glob("*/manifest.yaml"))},
}

pytestmark = [
    pytest.mark.parametrize("language", sorted(languages.NAMES.keys() - {"en"})),
    pytest.mark.parametrize("speaker", SPEAKERS),
]


def wanted(speaker: str) -> dict[Text, str]:
    """Each text that is used, with a place."""
    used = used_texts(SPEAKERS[speaker], ERRORS if speaker == "core" else ())
    return {text: f"{file}:{line}" for text, (file, line) in used.items() if not file.startswith(ENGLISH)}


def test_no_text_is_missing_or_empty(speaker: str, language: str) -> None:
    there = translated_texts(SPEAKERS[speaker], language)
    missing = {
        text: place
        for text, place in wanted(speaker).items()
        if text not in there or not all(forms(there[text])) or there[text].fuzzy
    }
    assert not missing, "\n".join(
        f"{place}  {text!r}" for text, place in sorted(missing.items(), key=lambda pair: pair[1])
    )


def test_no_translation_is_left_over(speaker: str, language: str) -> None:
    assert translated_texts(SPEAKERS[speaker], language).keys() - wanted(speaker).keys() == set()


def test_placeholders_are_kept(speaker: str, language: str) -> None:
    for text, message in translated_texts(SPEAKERS[speaker], language).items():
        names = set(PLACEHOLDER.findall(text if isinstance(text, str) else text[-1]))
        for form in forms(message):
            assert set(PLACEHOLDER.findall(form)) == names, text
