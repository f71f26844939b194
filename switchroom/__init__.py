"""The public API of Switchroom: all that a plugin may import.

Names that start with an underscore, and everything in `core`, are private and change without notice.
"""

from switchroom.hooks import hookimpl
from switchroom.jobs import Event, Job, job
from switchroom.runtime import Context

__all__ = ["Context", "Event", "Job", "hookimpl", "job"]
