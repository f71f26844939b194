"""Background work: at least once, so idempotent."""

from core.jobs.registry import Event, Job, job

__all__ = ["Event", "Job", "job"]
