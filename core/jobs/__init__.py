"""The transactional outbox: every wait and every piece of work is a row with a due time; dramatiq only executes."""

from core.jobs.registry import Event, Job, job

__all__ = ["Event", "Job", "job"]
