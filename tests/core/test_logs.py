"""Log records: one format for all of them, and no secret in any."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from core.logs import REDACTED, configure_logs, names_secret, redact
from core.settings import Logging

SECRET_KEYS = [
    *("password", "new_password", "token", "access_token", "csrfToken", "secret", "client-secret", "credential"),
    *("sdp", "offer_sdp", "cookie", "Set-Cookie", "Authorization", "api_key", "secret_key", "session_id"),
]
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8))


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Collect what is logged, and leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_keys_that_name_a_secret_are_known(key: str) -> None:
    assert names_secret(key)


@pytest.mark.parametrize("key", ["tokens_left", "passwordless", "keyboard", "session", "author", "event", "user_id"])
def test_keys_that_only_look_like_it_are_left(key: str) -> None:
    assert not names_secret(key)


@given(
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["a", "b", *SECRET_KEYS]), inner, max_size=3),
        ),
        max_leaves=20,
    ),
    st.sampled_from(SECRET_KEYS),
)
def test_no_secret_survives_at_any_depth(value: object, key: str) -> None:
    found = redact(None, "info", {"event": "x", "deep": [{"deeper": {key: {"nested": "hunter2"}}}], "more": value})
    assert "hunter2" not in str(found)
    assert found["deep"][0]["deeper"][key] == REDACTED


def test_json_has_one_object_a_line_for_both_kinds_of_logger(stream: io.StringIO) -> None:
    configure_logs(Logging(format="json"), stream)
    structlog.get_logger("core.one").info("call_started", tenant="demo", token="hunter2", gone=None)
    logging.getLogger("library.two").warning("connecting to %s", "redis://user:hunter2@host/0", extra={"sdp": "v=0"})
    logging.getLogger("library.two").debug("not shown")
    first, second = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (first["event"], first["logger"], first["level"], first["tenant"]) == (
        "call_started",
        "core.one",
        "info",
        "demo",
    )
    assert (first["token"], first["gone"]) == (REDACTED, None)
    assert second["event"] == f"connecting to redis://user:{REDACTED}@host/0"
    assert (second["sdp"], second["level"], second["logger"]) == (REDACTED, "warning", "library.two")


@pytest.mark.parametrize("form", ["json", "console"])
def test_traceback_is_shown_without_local_variables(stream: io.StringIO, form: str) -> None:
    configure_logs(Logging.model_validate({"format": form}), stream)
    local = "hunter" + "2"
    try:
        raise LookupError("postgresql://u:pass@host/db")
    except LookupError:
        structlog.get_logger("core").exception("failed")
    assert "LookupError" in stream.getvalue()
    assert local not in stream.getvalue()
    assert "pass@" not in stream.getvalue()


def test_level_is_obeyed_and_setting_up_twice_does_not_double(stream: io.StringIO) -> None:
    configure_logs(Logging(level="debug"), stream)
    configure_logs(Logging(level="error"), stream)
    structlog.get_logger("core").warning("quiet")
    structlog.get_logger("core").error("loud")
    assert stream.getvalue().count("loud") == 1
    assert "quiet" not in stream.getvalue()


@pytest.mark.parametrize(("level", "shown"), [("debug", True), ("info", False), ("warning", False)])
def test_steps_of_libraries_are_shown_when_debugging_only(stream: io.StringIO, level: str, shown: bool) -> None:
    configure_logs(Logging.model_validate({"level": level}), stream)
    logging.getLogger("uvicorn.error").info("a step")
    logging.getLogger("uvicorn.error").warning("a problem")
    assert ("a step" in stream.getvalue(), "a problem" in stream.getvalue()) == (shown, True)


def test_a_process_without_a_terminal_writes_no_colours() -> None:
    code = "from core.logs import *; from core.settings import Logging; configure_logs(Logging());"
    code += "structlog.get_logger('core').info('ready', port=1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ready" in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stdout == ""
