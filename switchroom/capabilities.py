"""Protocols by which plugins use each other."""

from core.capabilities import (
    Admission,
    AfterContactWork,
    BusinessHours,
    CallingHours,
    Fallback,
    NamedQueue,
    NewPromise,
    OpenTimes,
    PromiseLedger,
    QueueDirectory,
    QueuedRecord,
    Recorded,
    RecordQueue,
    RecordQueues,
    WrapUpTime,
)

__all__ = [
    "Admission",
    "AfterContactWork",
    "BusinessHours",
    "CallingHours",
    "Fallback",
    "NamedQueue",
    "NewPromise",
    "OpenTimes",
    "PromiseLedger",
    "QueueDirectory",
    "QueuedRecord",
    "RecordQueue",
    "RecordQueues",
    "Recorded",
    "WrapUpTime",
]
