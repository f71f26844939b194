"""People who owe something, and what they owe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from core.database.connection import execute
from plugins.promises.ledger import Ledger
from switchroom.capabilities import NewPromise
from switchroom.testing.people import Person

NUMBER = "+4930123456"


async def promised(person: Person, reference: str = "", *, minutes: float = 60, **values: Any) -> int:
    """A promise of this person, due in some minutes."""
    new: dict[str, Any] = {
        "kind": "callback",
        "due": datetime.now(UTC) + timedelta(minutes=minutes),
        "subject": "Send the papers",
        "owner_id": person.id,
        "reference": reference,
        "contact_name": "Kim",
        "contact_number": NUMBER,
    }
    async with person.context("promises") as ctx:
        return await Ledger().promise(ctx, NewPromise(**new | values))


async def time_passes(promise_id: int, minutes: float) -> None:
    """Its time lies so much nearer, or farther back."""
    await execute(
        "UPDATE promises_promise SET due_at = due_at - make_interval(secs => $2) WHERE id = $1",
        promise_id,
        minutes * 60,
    )
