"""What every plugin keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from switchroom import Context
from switchroom.testing.contract import PluginContract
from switchroom.testing.contract.settings import SECRET
from switchroom_loyalty import members
from switchroom_loyalty.models import Member


class TestLoyalty(PluginContract):
    """The contract, with a member, and with a partner that takes the key of the contract."""

    plugin = "loyalty"

    @pytest.fixture(autouse=True)
    def _trusting(self, partner: Any) -> None:
        partner.key = SECRET

    async def arrange(self, ctx: Context) -> Mapping[str, object]:
        """Somebody who takes part."""
        member = await Member.first() or await members.enrol(ctx, "Kim", "+4930123456")
        return {"member_id": member.id}
