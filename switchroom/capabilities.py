"""Protocols by which plugins use each other."""

from core.capabilities import (
    Admission,
    AfterContactWork,
    Fallback,
    NamedQueue,
    NewPromise,
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
    "Fallback",
    "NamedQueue",
    "NewPromise",
    "PromiseLedger",
    "QueueDirectory",
    "QueuedRecord",
    "RecordQueue",
    "RecordQueues",
    "Recorded",
    "WrapUpTime",
]
