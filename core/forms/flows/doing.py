"""Does what a button does: sets answers and runs actions of plugins, in the transaction of the step."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from core.errors import InvalidInput, SwitchroomError
from core.forms.actions import Answered, Calculated, Move, RunAction, SetField, Source, conditions_of_action, sources_of
from core.forms.answers import Value
from core.forms.components import Button, ButtonOption, UnusableError
from core.forms.flows.walks import Walk
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers, Reading, read_answers
from core.forms.reference import FormRef
from core.forms.words import in_words
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import FormAction
from core.plugins.issues import Kind


@dataclass
class Doing:
    """One press of a button.

    Attributes:
        typed: Field → text; what the button sets is added.
        stays: Whether the page stays that is shown.
    """

    ctx: Context
    walk: Walk
    typed: dict[str, str]
    reader: Reader
    button: Button
    option: ButtonOption
    stays: bool = field(default=False, init=False)

    async def run(self) -> dict[str, str]:
        """Does it all, in order; gives field → text afterwards.

        Raises:
            InvalidAnswers: Something cannot be done; names the question that it is due to, else the button.
        """
        moves = any(isinstance(action, Move) for action in self.option.does) or not self.option.does
        self.stays = not moves
        for action in self.option.does:
            reading = self._read()
            if action.when is not None and not action.when.holds(reading.operands):
                continue
            if isinstance(action, Move):
                break
            if isinstance(action, SetField):
                self._check_needed(action, reading)
                self._set(action.field, _value(action.to, reading))
            if isinstance(action, RunAction):
                # What a plugin does may be told to others: nothing begins while the page is not right.
                self._check_needed(action, reading)
                if moves:
                    self._check_page(reading)
                await self._run(action, reading)
        return self.typed

    def _read(self) -> Reading:
        return read_answers(self.walk.form, self.typed, self.reader)

    def _check_page(self, reading: Reading) -> None:
        wrong = {key: problem for key, problem in reading.errors.items() if key in self.walk.fields}
        if wrong:
            raise InvalidAnswers(_("Some answers are missing or cannot be used."), fields=wrong)

    def _check_needed(self, action: SetField | RunAction, reading: Reading) -> None:
        needed = {
            key for condition in conditions_of_action(action) for part in condition.parts() for key in part.fields()
        }
        needed |= {source.field for _place, source in sources_of(action) if isinstance(source, Answered)}
        wrong = {key: reading.errors[key] for key in needed if key in reading.errors}
        if wrong:
            raise InvalidAnswers(_("Some answers are missing or cannot be used."), fields=wrong)

    def _set(self, key: str, value: Value) -> None:
        question = self.walk.form.questions[key]
        try:
            text = question.gather(question.texts(value, self.reader))
            if text.strip():
                question.parse(text, self.reader)
        except UnusableError as error:
            problem = _("%(question)s cannot be set: %(reason)s") % {"question": question.label, "reason": error}
            raise self._failed(problem) from error
        self.typed = {**self.typed, key: text}

    async def _run(self, action: RunAction, reading: Reading) -> None:
        offered = self.ctx.form_actions.get(action.action)
        if offered is None:
            raise self._failed(
                _("%(action)s is not available here: its plugin is switched off.") % {"action": action.action}
            )
        arguments = self._arguments(action, offered, reading)
        plugin = self.ctx.for_plugin(action.action.partition(".")[0])
        ref = FormRef(self.walk.form.key, self.walk.subject, self.walk.user_id)
        try:
            async with asyncio.timeout(offered.timeout):
                given = await offered.run(plugin, ref, arguments)
        except InvalidInput as error:
            raise self._refused(action, offered, error.message, error.fields) from error
        except SwitchroomError as error:
            raise self._failed(str(error)) from error
        except Exception as error:
            plugin.log.exception("form_action_failed", action=action.action)
            plugin.note_issue(Kind.HOOK, "register_form_actions", error)
            text = _("%(action)s has failed, and nothing was done. Try again, or go on in another way.")
            raise self._failed(text % {"action": _(offered.title)}) from error
        for name, key in action.into.items():
            self._set(key, (given or {}).get(name))

    def _arguments(self, action: RunAction, offered: FormAction, reading: Reading) -> Any:
        values = {name: _value(source, reading) for name, source in action.arguments.items()}
        # What was not answered is not given, so that the action's own defaults hold.
        given = {name: value for name, value in values.items() if value is not None}
        try:
            return offered.arguments.model_validate_json(json.dumps(given))
        except ValidationError as error:
            problems = {
                str(each["loc"][0]) if each["loc"] else "": in_words(each["type"], each.get("ctx", {}), each["msg"])
                for each in error.errors(include_url=False, include_input=False)
            }
            raise self._refused(action, offered, " ".join(problems.values()), problems) from error

    def _refused(
        self, action: RunAction, offered: FormAction, message: str, problems: Mapping[str, str]
    ) -> InvalidAnswers:
        """What an action objects to, told at the questions from which its arguments come; the rest at the button."""
        fields: dict[str, str] = {}
        rest: list[str] = []
        for name, problem in problems.items():
            source = action.arguments.get(name)
            model = offered.arguments.model_fields.get(name)
            if isinstance(source, Answered) and source.field in self.walk.fields:
                fields[source.field] = problem
            elif model is not None:
                rest.append(f"{_(model.title or name)}: {problem}")
            else:
                rest.append(problem)
        if rest or not fields:
            fields[self.button.key] = " ".join([_(offered.title) + ":", *(rest or [message])])
        return InvalidAnswers(message, fields=fields)

    def _failed(self, text: str) -> InvalidAnswers:
        return InvalidAnswers(text, fields={self.button.key: text})


def _value(source: Source, reading: Reading) -> Value:
    if isinstance(source, Answered):
        return reading.answers.get(source.field)
    if isinstance(source, Calculated):
        return source.expression.value(reading.operands)
    found: Value = source.value
    return found
