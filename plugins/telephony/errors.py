"""The refusals of telephony, and what the provider's errors mean to the person who called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from plugins.telephony.provider import MalformedOffer, ProviderError, ProviderFull, ProviderUnavailable, UnknownLeg
from switchroom.errors import Conflict, InvalidInput, SwitchroomError
from switchroom.locale import mark


class UnusableOffer(InvalidInput):
    """The browser's session description cannot be used; no call was made."""

    code = "malformed_offer"


class CallGone(Conflict):
    """The call has ended."""

    code = "call_gone"


class LinesBusy(SwitchroomError):
    """No room for another call at the moment."""

    code = "lines_busy"
    status = 503


class NotAdmitted(SwitchroomError):
    """There is no place for the call: it is closed, or too many wait. The message says it to the customer."""

    code = "not_admitted"
    status = 503


class MediaUnavailable(SwitchroomError):
    """What carries the audio cannot be reached."""

    code = "media_unavailable"
    status = 503


def lines_busy() -> LinesBusy:
    """All lines are taken."""
    return LinesBusy(mark("All lines are busy."), mend=mark("Please try again in a few minutes."))


def call_gone() -> CallGone:
    """The call has ended already."""
    return CallGone(mark("This call has ended."))


def media_unavailable() -> MediaUnavailable:
    """No media server answers."""
    return MediaUnavailable(
        mark("Calls are not possible at the moment."), mend=mark("Please try again in a few minutes.")
    )


@contextmanager
def provider_errors() -> Iterator[None]:
    """Turns the provider's errors into those that pages show."""
    try:
        yield
    except MalformedOffer as error:
        raise UnusableOffer(
            mark("The browser's description of its audio cannot be used."),
            fields={"sdp": str(error)},
            mend=mark("Update the browser, or try another one."),
        ) from error
    except UnknownLeg as error:
        raise call_gone() from error
    except ProviderFull as error:
        raise lines_busy() from error
    except ProviderUnavailable as error:
        raise media_unavailable() from error
    except ProviderError as error:
        raise MediaUnavailable(
            mark("The audio of this call could not be changed."), mend=mark("Try it again.")
        ) from error
