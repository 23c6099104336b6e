"""The errors that are written for people: each message is one finished sentence that a user may read as it is."""


class BandmateError(Exception):
    """Something went wrong that the person who asked can understand and often mend.

    `str(error)` is the sentence to show. Everything that is not a BandmateError is logged with its
    traceback and answered with a short apology and an id.
    """


class ClipRefused(BandmateError):
    """The clip can't be used: not audio, no sound, silent, too large, broken. The sentence says which."""


class RequestRefused(BandmateError):
    """What was asked for is outside what can be done: a length, a prompt, an engine's abilities, a limit."""


class EngineUnavailable(RequestRefused):
    """The engine is not installed or not allowed here; the sentence has the line that mends it."""


class TooBusy(RequestRefused):
    """A person's, a guild's or the whole queue's limit is reached; the sentence says when to come back."""


class TakeNotFound(BandmateError):
    """There is no such take any more (deleted, expired or never made)."""


class EngineFailed(BandmateError):
    """The engine could not finish the take; the sentence says what happened and what to try."""


class TryAgain(BandmateError):
    """A part of the machine can't be reached just now (the ledger): the same may go well a little later."""


class EncodingFailed(BandmateError):
    """The encoder died, hung or found no room on the disk: another try may go well."""


class Cancelled(BandmateError):
    """The job was cancelled by its owner or a moderator."""
