"""Says in one line each what is wrong with the settings: where, which key, and how to mend it."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.settings.shape import is_secret, names_at, paths
from core.settings.source import ENVIRONMENT_PREFIX, KeyPath, Origin

_EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "dict": "a group of keys",
    "model": "a group of keys",
    "list": "a list",
    "tuple": "a list",
    "ip": "an address or network, such as 10.0.0.0/8",
}


def nearest(word: str, choices: Iterable[object], likeness: float = 0.6) -> str | None:
    """Return the choice that was probably meant, if any comes near (`likeness` from 0, anything, to 1, equal)."""
    close = get_close_matches(word.lower(), [str(choice) for choice in choices], n=1, cutoff=likeness)
    return close[0] if close else None


def explain(
    error: ValidationError, model: type[BaseModel], origin: Callable[..., Origin], at: KeyPath = ()
) -> list[str]:
    """Turn a validation error into lines, one a key, in the order of the model; secrets are never repeated.

    Args:
        error: What pydantic found.
        model: The model that was validated.
        origin: Tells where a key was set, such as `Settings.origin`.
        at: The path of the model inside the settings.
    """
    lines: dict[str, None] = {}
    for detail in error.errors(include_url=False):
        path = _existing(model, detail)
        where = origin(*at, *path)
        lines[f"{where}: {_describe(detail, model, path, at, where)}"] = None
    return list(lines)


def dotted(path: KeyPath) -> str:
    """Write a path as people do: `ice_servers[0].urls`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the file"


def variable(path: KeyPath) -> str:
    """Name the environment variable that overrides a key."""
    return ENVIRONMENT_PREFIX + "__".join(str(part) for part in path).upper()


def _existing(model: type[BaseModel], detail: ErrorDetails) -> KeyPath:
    """Drop what pydantic adds to a path to tell the branches of a union apart."""
    return tuple(part for part in detail["loc"] if not str(part).startswith(("literal[", "function-", "constrained-")))


def _describe(detail: ErrorDetails, model: type[BaseModel], path: KeyPath, at: KeyPath, where: Origin) -> str:
    kind, name, context = detail["type"], dotted((*at, *path)), detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(model, path, at, where)
    if kind == "missing":
        return f"{name} is missing."
    if kind == "value_error":
        text = f"{name} {context['error']}"
        return text if text.endswith((".", "?")) else f"{text}."
    if kind in ("literal_error", "enum"):
        choices = str(context["expected"]).replace("'", "").replace("True", "true").replace("False", "false")
        expected = f"must be {choices}"
    elif kind in ("too_short", "string_too_short"):
        least = context["min_length"]
        expected = "must not be empty" if least == 1 else f"must have at least {least} characters"
    elif kind == "greater_than_equal":
        expected = f"must be {context['ge']} or more"
    elif kind == "less_than_equal":
        expected = f"must be {context['le']} or less"
    else:
        expected = next((f"must be {words}" for start, words in _EXPECTED.items() if kind.startswith(start)), "")
        expected = expected or f"is refused: {detail['msg'].lower()}"
    return f"{name} {expected}{_instead(detail, model, path)}.{_quotes(detail, kind)}"


def _instead(detail: ErrorDetails, model: type[BaseModel], path: KeyPath) -> str:
    given = detail["input"]
    if is_secret(model, path):
        return ""
    if isinstance(given, dict):
        return ", not a group of keys"
    if isinstance(given, list | tuple):
        return ", not a list"
    if given is None or isinstance(given, bool):
        return f", not {str(given).lower().replace('none', 'null')}"
    text = f'"{given}"' if isinstance(given, str) else str(given)
    return f", not {text if len(text) <= 60 else text[:59] + '…'}" if given != "" else ""


def _quotes(detail: ErrorDetails, kind: str) -> str:
    is_scalar = not isinstance(detail["input"], dict | list | tuple | None)
    return " Put the value in quotes." if kind == "string_type" and is_scalar else ""


def _unknown(model: type[BaseModel], path: KeyPath, at: KeyPath, where: Origin) -> str:
    *group, word = path
    siblings = [(*group, name) for name in names_at(model, tuple(group))]
    elsewhere = [known for known in paths(model) if not isinstance(known[-1], int)]
    meant = _nearest_path(str(word), siblings, 0.6) or _nearest_path(str(word), elsewhere, 0.75)
    text = f"there is no setting {dotted((*at, *path))}."
    if meant is None:
        return f"{text} Known here: {', '.join(names_at(model, tuple(group))) or 'none'}."
    right = variable((*at, *meant)) if where.variable else dotted((*at, *meant))
    return f"{text} Did you mean {right}?"


def _nearest_path(word: str, choices: list[KeyPath], likeness: float) -> KeyPath | None:
    close = nearest(word, [choice[-1] for choice in choices], likeness)
    return next((choice for choice in choices if choice[-1] == close), None)
