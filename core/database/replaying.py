"""The models as migrations have left them, made into classes only where an operation looks at one.

The ORM's own state makes all models anew for each operation, twice: nine tenths of the time that it took to make a
schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance, OneToOneFieldInstance
from tortoise.migrations import operations
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import Operation, RunPython
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

_Key = tuple[str, str]
"""An app and the name of one of its models."""

_RELATIONS = (ForeignKeyFieldInstance, OneToOneFieldInstance, ManyToManyFieldInstance)


class ReplayedState(State):
    """The models as the last operation has left them.

    Args:
        models: What is known of each.
        connections: App → the name of its connection.
    """

    def __init__(self, models: dict[_Key, ModelState], connections: dict[str, str]) -> None:
        super().__init__(models, _Classes(models, connections))
        self._connections = connections

    def clone(self) -> ReplayedState:
        """What later operations do not change: they replace the fields of a model, and never change one."""
        copies = {
            key: replace(model, fields=dict(model.fields), options=dict(model.options))
            for key, model in self.models.items()
        }
        return ReplayedState(copies, self._connections)

    def complete(self) -> State:
        """The ORM's own state, all of whose classes can be queried."""
        models = {key: model.clone() for key, model in self.models.items()}
        return State(models, StateApps(default_connections=self._connections).clone(model_states=models))

    def reload_model(self, app_label: str, model_name: str) -> None:
        """A model has changed."""
        if (app_label, model_name) not in self.models:
            raise LookupError(f"There is no model {app_label}.{model_name}.")
        self._forget()

    def reload_models(self, model_tuples: Iterable[_Key]) -> None:
        """Models have changed, or those that they point at."""
        self._forget()

    def validate_relations_initialized(self) -> None:
        """Raises `RuntimeError` when a model points at one that there is not."""
        for (app, name), model in self.models.items():
            for target in _targets(model):
                if target not in self.models:
                    raise RuntimeError(f"{app}.{name} points at {'.'.join(target)}, which no migration has made.")

    def _forget(self) -> None:
        # Operations that rename or delete a model have replaced nothing but entries of the same dictionary.
        self.apps = _Classes(self.models, self._connections)


class _Classes(StateApps):
    """Classes of models, each made when it is asked for, with those that it points at; they describe, not query."""

    def __init__(self, models: dict[_Key, ModelState], connections: dict[str, str]) -> None:
        super().__init__(default_connections=connections)
        self._models = models

    def get_model(self, app_label: str, model_name: str | None = None) -> type[Model]:
        """The class of a model; `KeyError` when there is no such model."""
        if model_name is None:
            app_label, model_name = self.split_reference(app_label)
        if model_name not in self.apps.get(app_label, {}):
            self._make((app_label, model_name))
        return self.apps[app_label][model_name]

    def _make(self, wanted: _Key) -> None:
        waiting = [wanted]
        while waiting:
            key = waiting.pop()
            app, name = key
            if key in self._models and name not in self.apps.get(app, {}):
                self.register_model(app, self._models[key].render(self))
                waiting += _targets(self._models[key])
        self._init_relations()
        for models in self.apps.values():
            for model in models.values():
                model._meta.finalise_fields()


def only_describes(migration: Migration) -> bool:
    """Whether no operation looks at more than the models that it names."""
    return not any(_may_query(operation) for operation in migration.operations)


def _may_query(operation: Operation) -> bool:
    return isinstance(operation, RunPython) or type(operation).__module__ != operations.__name__


def _targets(model: ModelState) -> list[_Key]:
    found = []
    for field in model.fields.values():
        if isinstance(field, _RELATIONS) and isinstance(field.model_name, str):
            app, _, name = field.model_name.partition(".")
            found.append((app, name))
    return found
