"""Conditions and computed values that are written: `people > 3 and not empty(comment)`.

The text is read once and checked part by part against a short list; simpleeval then walks the tree with operations that
never fail. There are no loops, no attributes and no powers, so the time it takes is bounded by its length. The browser
gets the same tree (`for_browser`) and walks it by the same rules.
"""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, RootModel, model_validator
from simpleeval import SimpleEval

from core.forms.answers import NotApplicable, Value, score_name
from core.forms.operations import BEYOND, FUNCTIONS, OPERATORS
from core.locale import gettext as _

LONGEST = 1000
"""Characters of an expression."""

MOST_PARTS = 200
"""Names, values and signs of an expression."""

DEEPEST = 25
"""How far they may stand within each other."""

SCORE = "score"
"""What an answer counts: `score(question)`. It looks at options, not at values, so it is none of `FUNCTIONS`."""

CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "none": None}
"""Names that are values, besides Python's own."""

_SIGNS: Mapping[type[ast.AST], str] = {
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.USub: "negative",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}


class Expression(RootModel[Annotated[str, Field(min_length=1, max_length=LONGEST)]]):
    """A written condition, or how a value is computed; as JSON it is its text.

    Names are the keys of questions. A question that is hidden or not answered is `none`; a number that is compared or
    calculated with nothing gives no, or nothing. A moment is what the reader's clock shows: `'2026-03-01T09:30'`.
    """

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        _parsed(self.root)
        return self

    def fields(self) -> Iterator[str]:
        """The keys of the questions that it looks at."""
        yield from sorted({_key(name) for name in _names(_parsed(self.root))} - CONSTANTS.keys())

    def parts(self) -> Iterator[Expression]:
        """Itself: what it has in common with other conditions."""
        yield self

    def scored(self) -> Iterator[str]:
        """The keys of the questions of whose answers it takes the score."""
        yield from sorted(_key(name) for name in set(_names(_parsed(self.root))) if _key(name) != name)

    def value(self, answers: Mapping[str, Value]) -> Value:
        """What it gives with these answers."""
        found: Value = _evaluators.evaluate(self.root, answers)
        return found

    def holds(self, answers: Mapping[str, Value]) -> bool:
        """Whether what it gives counts as yes: all but no, nothing, 0, an empty text and an empty list does."""
        return bool(self.value(answers))

    def renamed(self, name: Callable[[str], str]) -> Expression:
        """The same about questions of other names."""

        class Renaming(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.AST:
                kept = node.id in CONSTANTS or node.id in FUNCTIONS or node.id == SCORE
                return node if kept else ast.Name(name(node.id))

        return Expression.model_construct(root=ast.unparse(Renaming().visit(_read(self.root))))

    def for_browser(self) -> list[Any]:
        """The tree as JSON values: a list that begins with what is done."""
        return _translated(_parsed(self.root))


class _Known(dict[str, Value]):
    """The answers; a question that has none, or does not apply, is None."""

    def __getitem__(self, key: str) -> Value:
        value = super().__getitem__(key)
        return None if isinstance(value, NotApplicable) else value

    def __missing__(self, key: str) -> Value:
        constant: Value = CONSTANTS.get(key)
        return constant


_CALLS = {name: function for name, (function, _arguments) in FUNCTIONS.items()}


class _Evaluators(threading.local):
    """One for each thread: making one takes longer than most expressions, and no other comes between."""

    def __init__(self) -> None:
        self.one = SimpleEval(OPERATORS, _CALLS, {})

    def evaluate(self, text: str, answers: Mapping[str, Value]) -> Any:
        self.one.names = _Known(answers)
        try:
            return self.one.eval(text, previously_parsed=_parsed(text))
        finally:
            self.one.names = {}


_evaluators = _Evaluators()


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr:
    """The tree of a text that may be used.

    Raises:
        ValueError: It may not; says why, in the active language.
    """
    if len(text) > LONGEST:
        raise ValueError(_("This expression is too long: at most %(longest)s characters.") % {"longest": LONGEST})
    tree = _read(text)
    _check(tree)
    scored: ast.expr = _Scores().visit(tree)
    return scored


class _Scores(ast.NodeTransformer):
    """`score(name)` is a name of its own: the score of an answer is known where the answer is, here and in browsers."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == SCORE and isinstance(node.args[0], ast.Name):
            return ast.Name(score_name(node.args[0].id))
        return self.generic_visit(node)


def _key(name: str) -> str:
    return name.partition(".")[0]


def _read(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            # Python warns of what it reads otherwise than it looks; here that is refused, or harmless.
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(
            _(
                "This expression cannot be read from character %(place)s on. Write it like this: "
                "people > 3 and not empty(comment)."
            )
            % {"place": min(error.offset or 1, len(text))}
        ) from None
    except (ValueError, MemoryError, RecursionError):
        raise ValueError(_("This expression cannot be read.")) from None


def _check(tree: ast.expr) -> None:
    parts, level = 0, [tree]
    for _depth in range(DEEPEST):
        parts += len(level)
        if not level or parts > MOST_PARTS:
            break
        for node in level:
            _check_part(node)
        level = [inner for node in level for inner in _inside(node)]
    if level:
        raise ValueError(_("This expression has too many parts. Compute some of them in fields of their own."))


def _inside(node: ast.expr) -> list[ast.expr]:
    """The expressions that an expression is made of; the name of a function is none."""
    if isinstance(node, ast.Call):
        return node.args
    return [inner for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.expr)]


def _check_part(node: ast.expr) -> None:
    match node:
        case ast.Name():
            return
        case ast.Constant(value=value):
            if value is None or isinstance(value, bool | str):
                return
            if isinstance(value, int | float) and abs(value) < BEYOND:
                return
        case ast.BoolOp() | ast.Compare() | ast.IfExp():
            if all(type(sign) in _SIGNS for sign in getattr(node, "ops", ())):
                return
        case ast.UnaryOp(op=sign) | ast.BinOp(op=sign):
            if type(sign) in _SIGNS:
                return
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            _check_call(name, node.args)
            return
    raise ValueError(
        _("%(part)s cannot be used in an expression. There are and, or, not, in, comparisons, + - * / and if … else.")
        % {"part": ast.unparse(node)[:40]}
    )


def _check_call(name: str, given: list[ast.expr]) -> None:
    if name == SCORE:
        if len(given) != 1 or not isinstance(given[0], ast.Name) or given[0].id in CONSTANTS:
            raise ValueError(_("score() takes the name of one question, such as score(answered_well)."))
        return
    arguments = len(given)
    if name not in FUNCTIONS:
        raise ValueError(
            _("There is no function %(name)s. There are: %(names)s.")
            % {"name": name[:40], "names": ", ".join(sorted([*FUNCTIONS, SCORE]))}
        )
    takes = FUNCTIONS[name][1]
    if arguments not in takes:
        raise ValueError(
            _("%(name)s takes %(least)s to %(most)s values, not %(given)s.")
            % {"name": name, "least": takes[0], "most": takes[-1], "given": arguments}
        )


def _names(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    for inner in _inside(node):
        yield from _names(inner)


def _translated(node: ast.expr) -> list[Any]:
    inner = [_translated(each) for each in _inside(node)]
    match node:
        case ast.Constant(value=value):
            return ["value", value]
        case ast.Name(id=name):
            return ["value", CONSTANTS[name]] if name in CONSTANTS else ["name", name]
        case ast.BoolOp(op=sign) | ast.UnaryOp(op=sign) | ast.BinOp(op=sign):
            return [_SIGNS[type(sign)], *inner]
        case ast.Compare(ops=signs):
            return ["compare", [_SIGNS[type(sign)] for sign in signs], *inner]
        case ast.Call(func=ast.Name(id=name)):
            return ["call", name, *inner]
        case ast.IfExp():
            # As Python keeps them: the question first.
            return ["if", *inner]
    raise AssertionError(f"{type(node).__name__} has been let through")
