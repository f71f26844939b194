"""Texts: all of them in every language that the plugin brings."""

from __future__ import annotations

from core.authoring.texts import languages_of, text_problems
from core.locale.languages import NAMES
from core.plugins.discovery import PluginRecord
from switchroom.testing.contract.base import ContractBase, refuse


class TextsContract(ContractBase):
    """A plugin without translations speaks English; one with some is complete in each of its languages."""

    async def test_every_text_is_translated_in_each_language_that_it_brings(self, record: PluginRecord) -> None:
        unknown = [language for language in languages_of(record.folder) if language not in NAMES]
        refuse("There is no such language in Switchroom.", unknown)
        problems = [
            f"{each.language}: {each.file}{f':{each.line}' if each.line else ''}: {each.problem}"
            for each in text_problems(record.folder)
        ]
        refuse("The translations are not complete.", problems)
