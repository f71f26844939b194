"""Background work: at least once, so idempotent."""

from core.jobs.registry import Event, Job, Schedule, job

__all__ = ["Event", "Job", "Schedule", "job"]
