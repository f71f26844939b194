"""What routing does: queues are set up, people are admitted to them, skills are given."""

from plugins.routing.services.numbers import overview, waiting_line
from plugins.routing.services.queues import ensure_queue, save_queue

__all__ = ["ensure_queue", "overview", "save_queue", "waiting_line"]
