"""Forms that are gone through page by page, and somebody who goes through them as a browser does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from core.forms.flows.beginning import begin_walk
from core.forms.flows.showing import render_step
from core.forms.flows.steps import Ended, keep_step, take_step
from core.forms.flows.walks import Walk
from core.forms.library.store import make_design, publish_design
from core.forms.reader import Reader
from core.forms.schema import Form
from core.plugins.context import Context

READER = Reader(ZoneInfo("UTC"))
SUBJECT = "core:segment:17"


def part(kind: str, key: str, **more: Any) -> dict[str, Any]:
    """A question."""
    return {"kind": kind, "key": key, "label": {"en": key}, **more}


def page(key: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A page."""
    return {"key": key, "components": list(components), **more}


def button(key: str, **does: list[dict[str, Any]]) -> dict[str, Any]:
    """Buttons by their values, and what each does."""
    options = [{"value": value, "label": {"en": value}, "does": actions} for value, actions in does.items()]
    return part("button", key, options=options)


def lead(to: str | None = None, **more: Any) -> dict[str, Any]:
    """Leads on."""
    return {"kind": "lead", "page": to, **more}


def end(outcome: str, **more: Any) -> dict[str, Any]:
    """Ends."""
    return {"kind": "end", "outcome": outcome, "label": {"en": outcome.capitalize()}, **more}


def form_data(*pages: dict[str, Any], key: str = "test:flow") -> dict[str, Any]:
    """A form."""
    return {"key": key, "version": 1, "title": {"en": "Flow"}, "pages": list(pages)}


async def publish(ctx: Context, name: str, *pages: dict[str, Any]) -> None:
    """A form of the tenant's own."""
    made = await make_design(ctx, name, {"title": {"en": name}, "pages": list(pages)})
    await publish_design(ctx, name, made.revision)


@dataclass
class Tab:
    """One tab: it holds the page that it was shown last, and posts what stands there.

    Attributes:
        shown: The walk when the page was written.
        ended: How the form ended here.
    """

    ctx: Context
    form: Form
    user: int
    shown: Walk | None = None
    ended: Ended | None = None
    typed: dict[str, str] = field(default_factory=dict)

    async def load(self) -> str:
        """Loads the page anew."""
        self._take(await begin_walk(self.ctx, self.form, SUBJECT, self.user, READER))
        return self.html()

    def html(self, errors: dict[str, str] | None = None) -> str:
        """The page as it was shown last."""
        assert self.shown is not None
        return str(render_step(self.shown, READER, scope="f", errors=errors))

    @property
    def page(self) -> str:
        """The key of the page that is shown."""
        assert self.shown is not None
        return self.shown.path[-1]

    async def press(self, button: str, value: str, **typed: str) -> None:
        """Types, and presses a button."""
        await self._step((f"answer.{button}", value), typed)

    async def next(self, **typed: str) -> None:
        """Types, and goes on."""
        await self._step(("_next", "yes"), typed)

    async def back(self, **typed: str) -> None:
        """Types, and goes back."""
        await self._step(("_back", "yes"), typed)

    async def save(self, errors: dict[str, str] | None = None, **typed: str) -> None:
        """Types, and rests."""
        self.typed |= typed
        self._take(await keep_step(self.ctx, self.form.key, SUBJECT, self.user, self.posted(), READER, errors=errors))

    def posted(self) -> list[tuple[str, str]]:
        """What stands on the page."""
        assert self.shown is not None
        return [("_revision", str(self.shown.revision)), *((f"answer.{key}", text) for key, text in self.typed.items())]

    async def _step(self, pressed: tuple[str, str], typed: dict[str, str]) -> None:
        self.typed |= typed
        posted = [*self.posted(), pressed]
        became = await take_step(self.ctx, self.form.key, SUBJECT, self.user, posted, READER)
        if isinstance(became, Walk):
            self._take(became)
        else:
            self.ended = became

    def _take(self, walk: Walk) -> None:
        self.shown = walk
        buttons = {key for key, question in walk.form.questions.items() if question.kind_name() == "button"}
        texts = walk.typed(READER)
        self.typed = {key: text for key, text in texts.items() if key in walk.fields and key not in buttons}
