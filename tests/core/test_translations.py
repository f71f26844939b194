"""Every text of core and of each bundled plugin is there in every language: what is used, and what is translated."""

from __future__ import annotations

import pytest

from core.authoring.texts import PLACEHOLDER, Text, forms, translated_texts, used_texts
from core.locale import languages
from core.locale.languages import read_translations
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

LANGUAGES = sorted(languages.NAMES.keys() - {"en"})

in_each_language = pytest.mark.parametrize("language", LANGUAGES)
of_each_speaker = pytest.mark.parametrize("speaker", SPEAKERS)


def wanted(speaker: str) -> dict[Text, str]:
    """Each text that is used, with a place."""
    used = used_texts(SPEAKERS[speaker], ERRORS if speaker == "core" else ())
    return {text: f"{file}:{line}" for text, (file, line) in used.items() if not file.startswith(ENGLISH)}


@in_each_language
@of_each_speaker
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


@in_each_language
@of_each_speaker
def test_no_translation_is_left_over(speaker: str, language: str) -> None:
    assert translated_texts(SPEAKERS[speaker], language).keys() - wanted(speaker).keys() == set()


@in_each_language
@of_each_speaker
def test_placeholders_are_kept(speaker: str, language: str) -> None:
    for text, message in translated_texts(SPEAKERS[speaker], language).items():
        names = set(PLACEHOLDER.findall(text if isinstance(text, str) else text[-1]))
        for form in forms(message):
            assert set(PLACEHOLDER.findall(form)) == names, text


@in_each_language
def test_no_two_speakers_say_the_same_differently(language: str) -> None:
    """One catalogue holds them all: of two translations one would be shown by both. `pgettext` tells meanings apart."""
    said: dict[str | tuple[str, int], tuple[str, str]] = {}
    differently = []
    for speaker, folder in SPEAKERS.items():
        for file in sorted((folder / "locale" / language / "LC_MESSAGES").glob("*.po")):
            for text, translation in read_translations(file)._catalog.items():  # type: ignore[attr-defined]
                first, by = said.setdefault(text, (translation, speaker))
                if text and translation != first:
                    differently.append(f"{text!r}: {first!r} by {by}, {translation!r} by {speaker}")
    assert not differently, "\n".join(differently)
