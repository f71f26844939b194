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


def clock_of(task: Task) -> Clock | None:
    """The clock of a task; None while the call goes on, once its time is over, and where there is none."""
    segment, rule = task.segment, task.work.rule
    if task.in_talk or task.over or segment.wrap_up_until is None or segment.ended_at is None or not rule.has_clock:
        return None
    left = 0 if task.work.settled else max(0, rule.extensions - segment.extensions)
    shown_before = timedelta(seconds=rule.offer_before)
    return Clock(
        started=segment.ended_at,
        until=segment.wrap_up_until,
        add_from=segment.wrap_up_until - shown_before if left else None,
        seconds=rule.extension_seconds,
        left=left,
    )


def head(task: Task, *, alone: bool) -> dict[str, Any]:
    """What the head of the panel shows: whose call it is, and the clock.

    Args:
        task: Whose head.
        alone: Whether the form below it stays as it is in the browser.
    """
    return {
        "task": task,
        "clock": clock_of(task),
        "caller": caller_name(task),
        "alone": alone,
        "shown": panel_name(task),
    }


def panel_name(task: Task) -> str:
    """What the panel calls what it shows, so that a tab can say it: a form, or that it was sent."""
    return f"sent-{task.segment.id}" if task.work.settled else str(task.segment.id)


def caller_name(task: Task) -> str:
    """The customer's name, else the number."""
    return task.interaction.contact_name or task.interaction.contact_number or _("Unknown caller")
