"""The ways Engage can fail, each with what happened, to which thing, and what to do next."""

from __future__ import annotations


class EngageError(Exception):
    """Something a person must mend; the message says what, where and what to do."""

    exit_code = 3


class WrongUse(EngageError):
    """The command line or a file handed to it cannot be used as given."""

    exit_code = 2


class SettingsError(WrongUse):
    """A setting is unknown or has a value that cannot be used."""


class DefinitionError(WrongUse):
    """A model, job, trigger or goal definition cannot be used as written."""


class PredicateRefused(DefinitionError):
    """A trigger or goal condition holds something that is not allowed there."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class SourceFileError(WrongUse):
    """An imported file cannot be read to its end."""


class ArtifactRefused(EngageError):
    """A trained model's file is missing, altered, or made for other columns."""


class NotTrainable(EngageError):
    """There is not enough in the history to train this model; the champion stays."""


class StoreUnavailable(EngageError):
    """The database or its folder cannot be written now."""


class SendError(EngageError):
    """A channel did not deliver a message.

    `permanent` means that sending again cannot help; `ambiguous` means that it may have been sent
    all the same, so it must be reconciled and never blindly repeated.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, ambiguous: bool = False, code: str = ""
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.code = code
