"""Signatures as the Standard Webhooks specification describes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A new secret, as receivers keep it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(keys: Iterable[str], message_id: str, timestamp: int, body: str) -> dict[str, str]:
    """The headers that tell a receiver what it gets, when, and that it is from us.

    Args:
        keys: Secrets to sign with: the present one, and for a while the one before.
        message_id: The same in every attempt, so that a receiver knows what it has had.
        timestamp: Seconds since 1970, of this attempt: a receiver refuses old ones.
        body: Exactly what is sent.
    """
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def _signature(key: str, signed: bytes) -> str:
    digest = hmac.new(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
