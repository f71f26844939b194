"""How the OpenAPI document describes errors: problem documents (RFC 9457), the same for core and plugins."""

from __future__ import annotations

from typing import Any

PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, for a program and for a person.",
    "required": ["type", "status", "code", "title"],
    "properties": {
        "type": {"type": "string", "description": "`urn:switchroom:problem:` and the code."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "code": {"type": "string", "description": "A stable name, such as `offer_gone`."},
        "title": {"type": "string", "description": "One sentence: what is wrong. In the language of whoever asks."},
        "mend": {"type": "string", "description": "One sentence on how to mend it."},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "What is wrong with each field.",
        },
        "incident": {"type": "string", "description": "The number under which the server's log tells more."},
        "retry_after": {"type": "integer", "description": "Seconds until another try makes sense."},
    },
}


def _response(text: str, **headers: str) -> dict[str, Any]:
    shown = {name: {"description": about, "schema": {"type": "string"}} for name, about in headers.items()}
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": text, "headers": shown, "content": content}


_RETRY = {"Retry-After": "Seconds until another try makes sense."}
_BY_STATUS = {
    "400": ("Unreadable", _response("The request cannot be understood, or a value has the wrong kind.")),
    "401": (
        "NotSignedIn",
        _response("No token, none that is valid, or no login.", **{"WWW-Authenticate": "How to say who asks."}),
    ),
    "403": ("Forbidden", _response("The role in use does not allow it, or no role has been chosen.")),
    "404": ("NotFound", _response("There is none of that id or name in the organisation.")),
    "409": ("Conflict", _response("The state has moved on, or something else stands against it.", **_RETRY)),
    "413": ("TooLarge", _response("More was sent than is accepted.")),
    "415": ("NotJson", _response("The body is declared to be something else than JSON.")),
    "422": ("Unusable", _response("A value cannot be used; `fields` says which and why.")),
    "429": ("TooMany", _response("A rate limit was reached.", **_RETRY)),
    "500": ("Failure", _response("Something went wrong on the server; `incident` finds it in the log.")),
    "503": ("Unavailable", _response("Something that is needed cannot be reached just now.", **_RETRY)),
}

RESPONSES = {name: response for name, response in _BY_STATUS.values()}
"""The components to which operations refer."""

_ALWAYS = ("400", "401", "403", "429", "500", "503")


def problems_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The problems that an operation may answer with, by status."""
    statuses = {*_ALWAYS, "404", "409", "422"}
    if "requestBody" in operation:
        statuses |= {"413", "415"}
    return {status: {"$ref": f"#/components/responses/{_BY_STATUS[status][0]}"} for status in sorted(statuses)}
