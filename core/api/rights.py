"""What people may give to others."""

from __future__ import annotations

from core.accounts.authority import Authority
from core.accounts.sessions import SignedIn
from core.plugins.context import Context
from core.web.identity import Identity


def authority_of(identity: Identity, ctx: Context, user: SignedIn) -> Authority:
    """What whoever asks may give and touch."""
    return Authority(identity.permissions, ctx.enabled_plugins, user.permissions)
