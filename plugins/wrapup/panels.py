"""The panel of the workspace, and what its templates show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugins.wrapup.permissions import PROCESS_TASKS
from plugins.wrapup.services import Task
from plugins.wrapup.settings import WrapUpSettings
from switchroom import Context
from switchroom.contributions import Panel
from switchroom.locale import gettext as _


def task_panel(ctx: Context) -> list[Panel]:
    """The panel *Task processing*, where the tenant has it; loaded anew whenever something happens to the agent."""
    settings: WrapUpSettings = ctx.settings
    if not settings.enabled_for_voice:
        return []
    return [
        Panel(
            id="task",
            title=_("Task processing"),
            url="/p/wrapup/panel",
            topics=(f"user:{ctx.actor.user_id}",),
            permission=PROCESS_TASKS,
            icon="clipboard-text",
            order=10,
        )
    ]


@dataclass(frozen=True)
class Clock:
    """The clock of a form after the end of its call.

    Attributes:
        started: When the call ended: the ring is full then.
        until: When the form closes.
        add_from: From when on time can be added; None when it cannot be again.
        seconds: How much is added.
        left: How often it can be done.
    """

    started: datetime
    until: datetime
    add_from: datetime | None
    seconds: int
    left: int


def clock_of(task: Task, settings: WrapUpSettings) -> Clock | None:
    """The clock of a task; None while the call goes on, and once its time is over."""
    segment = task.segment
    if task.in_talk or task.over or segment.wrap_up_until is None or segment.ended_at is None:
        return None
    left = max(0, settings.add_time_repeats - segment.extensions)
    shown_before = timedelta(seconds=settings.add_time_shown_at)
    return Clock(
        started=segment.ended_at,
        until=segment.wrap_up_until,
        add_from=segment.wrap_up_until - shown_before if left else None,
        seconds=settings.add_time_seconds,
        left=left,
    )


def head(task: Task, settings: WrapUpSettings, *, alone: bool) -> dict[str, Any]:
    """What the head of the panel shows: whose call it is, and the clock.

    Args:
        task: Whose head.
        settings: The tenant's.
        alone: Whether the form below it stays as it is in the browser.
    """
    return {"task": task, "clock": clock_of(task, settings), "caller": caller_name(task), "alone": alone}


def caller_name(task: Task) -> str:
    """The customer's name, else the number."""
    return task.interaction.contact_name or task.interaction.contact_number or _("Unknown caller")
