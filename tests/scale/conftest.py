"""What tests at scale share."""

from __future__ import annotations

import os
import secrets

import pytest


@pytest.fixture
def seed() -> str:
    """What all chance of the test follows from; shown when it fails. SWITCHROOM_TEST_SEED repeats one."""
    chosen = os.environ.get("SWITCHROOM_TEST_SEED") or secrets.token_hex(4)
    print(f"SWITCHROOM_TEST_SEED={chosen}")
    return chosen
