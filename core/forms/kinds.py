"""What plugins register for forms: kinds of questions, and settings that a form must be able to ask for."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import structlog
from jinja2 import TemplateError
from pydantic import BaseModel

from core.forms.components import Question, TemplateFile
from core.forms.components.kinds import Kinds
from core.forms.from_schema import UnsupportedField, form_of_schema
from core.forms.rendering import contributed_template
from core.forms.text import Text
from core.plugins.context import Context
from core.plugins.contracts import ContractViolation
from core.plugins.contributions import FormComponent
from core.plugins.discovery import PluginRecord, PluginState
from core.plugins.registry import PluginRegistry

log = structlog.get_logger(__name__)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def attach_kinds(registry: PluginRegistry) -> None:
    """Ties each kind of question to its template; a plugin whose kinds or settings cannot be used is broken."""
    for record in registry.records:
        if record.state is not PluginState.LOADED:
            continue
        try:
            _check(record)
        except (ContractViolation, TemplateError, UnsupportedField) as error:
            record.fail(PluginState.BROKEN, f"{type(error).__name__}: {error}")
            log.error("plugin_broken", plugin=record.name, reason=record.reason)


def form_kinds(ctx: Context) -> Kinds:
    """The kinds of questions that plugins add: what `read_form` needs to read them from JSON."""
    return {component.model.kind_name(): component.model for component in ctx.form_components}


def _check(record: PluginRecord) -> None:
    schema = record.contributions.settings.tenant
    if schema is not None and schema.model_fields:
        form_of_schema(schema, f"{record.name}:settings", Text.of(en=record.name))
    _check_actions(record)
    seen: set[str] = set()
    for component in record.contributions.form_components:
        model: object = component.model
        if not (isinstance(model, type) and issubclass(model, Question)):
            raise ContractViolation(f"The form component {model!r} must be a subclass of switchroom.forms.Question.")
        kind = model.kind_name()
        if not kind.startswith(f"{record.name}_"):
            raise ContractViolation(f"The kind {kind!r} of {model.__name__} must begin with '{record.name}_'.")
        if kind in seen:
            raise ContractViolation(f"Two form components are of the kind {kind!r}.")
        seen.add(kind)
        model.template = _template(record, component)


def _check_actions(record: PluginRecord) -> None:
    names: set[str] = set()
    for action in record.contributions.form_actions:
        model: object = action.arguments
        if not _NAME.fullmatch(action.name) or action.name in names:
            raise ContractViolation(
                f"The form action {action.name!r} must have a name of its own: lower case letters, digits and _."
            )
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise ContractViolation(f"The arguments of the form action {action.name!r} must be a pydantic model.")
        if not inspect.iscoroutinefunction(action.run):
            raise ContractViolation(f"The form action {action.name!r} must run an async function.")
        names.add(action.name)


def _template(record: PluginRecord, component: FormComponent) -> TemplateFile:
    plugin, _slash, name = component.template.partition("/")
    folder = Path(record.folder) / "templates"
    if plugin != record.name or not (folder / name).is_file():
        raise ContractViolation(f"The template {component.template!r} must be a file of templates/, as 'plugin/file'.")
    file = TemplateFile(folder, name)
    contributed_template(file)
    return file
