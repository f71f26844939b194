"""Secrets that a plugin keeps in its own tables: encrypted for one installation, plugin and tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SwitchroomError
from core.settings.encryption import Cipher, Undecipherable

if TYPE_CHECKING:
    from core.plugins.context import Context


class SecretLost(SwitchroomError):
    """A secret was sealed under a key that the installation no longer has, or by another plugin or tenant."""

    code = "secret_lost"
    status = 409


def seal(ctx: Context, secret: str) -> str:
    """The secret as it may be stored: only `unseal` for the same plugin and tenant makes sense of it."""
    return _cipher(ctx).encrypt(secret)


def unseal(ctx: Context, sealed: str) -> str:
    """The secret that was sealed.

    Raises:
        SecretLost: It was sealed for another plugin or tenant, or the installation's `secret_key` has changed.
    """
    try:
        return _cipher(ctx).decrypt(sealed)
    except Undecipherable as error:
        raise SecretLost(
            "A stored secret cannot be read.", mend="Give it anew, or set secret_key to what it was."
        ) from error


def _cipher(ctx: Context) -> Cipher:
    return Cipher(ctx.installation, f"plugin:{ctx.plugin}:tenant:{ctx.tenant.id}")
