"""The errors of fleettickets, in two families by what the caller does about them.

FleetticketsError
 ├─ RetryableError              nothing is wrong with the input: try again later
 │   ├─ DatabaseUnavailableError    no connection, connection lost, database starting up or full
 │   ├─ LockTimeoutError            another session works on the dataset
 │   ├─ SecretUnavailableError      a secret could not be fetched
 │   ├─ GeocoderUnavailableError    a geocoder did not answer, or not as it should
 │   ├─ GeocoderQuotaError          a geocoder takes no more calls until a time that it names
 │   ├─ GeocoderBudgetError         the run has too little time left for another call
 │   ├─ BucketUnavailableError      the object store answered 5xx, timed out or cut a body short
 │   ├─ ObjectChangedError          the object is no longer the one that was listed: list again
 │   ├─ OutOfTimeError              the time budget ended before a file was settled
 │   └─ StepsFailedError            some steps of a scheduled run failed; the others were done
 └─ PermanentError              somebody has to change something first
     ├─ SettingError                a setting is missing or wrong
     ├─ UsageError                  the command line was used wrongly
     ├─ InputError                  a function was invoked with an input that it does not know
     ├─ MigrationError              the migration files and the database contradict each other
     ├─ SourceMismatchError         the configured source is not the one of the current generation
     ├─ ReseedRefusedError          a reseed may not start now
     ├─ GeocoderKeyError            a geocoder refuses the key, or what it is used for
     ├─ GeocoderQueryError          a geocoder refuses this one query, and will again
     ├─ PlanChangedError            what a reseed would apply is not what its plan has read
     ├─ MissingFilesError           a reseed would do without files that were applied before
     ├─ PlanLostError               the scratch tables of a plan in progress are gone
     ├─ LeaseLostError              a reseed's lease was taken over by another worker
     ├─ ObjectGoneError             the object does not exist (any more)
     └─ FileQuarantineError         the content of a change file cannot be applied

The class names are an interface: the state machine and saved queries refer to them.
"""

from collections.abc import Sequence
from datetime import datetime


class FleetticketsError(Exception):
    """Root of all errors that the package raises on purpose; its text is written for people."""


class RetryableError(FleetticketsError):
    """Trouble that passes: nothing was lost, the same work may be tried again later."""


class DatabaseUnavailableError(RetryableError):
    """The database cannot be reached, went away, or has no room for another connection."""


class LockTimeoutError(RetryableError):
    """The dataset's lock, or a row's, was held by another session for longer than we wait."""


class SecretUnavailableError(RetryableError):
    """Secrets Manager did not answer as it should; the secret itself is in no text."""


class GeocoderUnavailableError(RetryableError):
    """A geocoder did not answer, or with what is no answer; the query stays pending."""


class GeocoderQuotaError(RetryableError):
    """A geocoder takes no more calls before `resume_at`; what is left stays pending until then."""

    def __init__(self, message: str, resume_at: datetime) -> None:
        """Say in `message` which limit it is; `resume_at` is aware."""
        super().__init__(f"{message}; it takes calls again from {resume_at:%Y-%m-%d %H:%M:%S %Z}")
        self.resume_at = resume_at


class GeocoderBudgetError(RetryableError):
    """The run has too little time left for another call; what is left stays pending."""


class BucketUnavailableError(RetryableError):
    """The object store did not answer as it should; a body cut short counts as this too."""


class ObjectChangedError(RetryableError):
    """An object is no longer the one that was listed."""

    def __init__(self, key: str) -> None:
        """Name the object by its `key`."""
        super().__init__(f"{key} changed while it was being read; it is listed again")
        self.key = key


class OutOfTimeError(RetryableError):
    """The time budget ended before any file was settled."""


class StepsFailedError(RetryableError):
    """Steps of a scheduled run failed, each on its own; the next run tries them again."""

    def __init__(self, steps: Sequence[str]) -> None:
        """Name the `steps` that failed, in their order."""
        super().__init__(f"steps failed: {', '.join(steps)}; see the log for the reason of each")
        self.steps = tuple(steps)


class PermanentError(FleetticketsError):
    """Trouble that stays until somebody changes a file, a setting or a command."""


class SettingError(PermanentError):
    """A setting is missing or wrong; `setting` is the name of its environment variable."""

    def __init__(self, setting: str, message: str) -> None:
        """Name the `setting` and say in `message` what to do about it."""
        super().__init__(f"{setting}: {message}")
        self.setting = setting


class UsageError(PermanentError):
    """The command line was used wrongly (exit status 2)."""


class InputError(PermanentError):
    """A function was invoked with an input that it does not know; nothing was done."""


class MigrationError(PermanentError):
    """The migration `filename` and the database contradict each other."""

    def __init__(self, filename: str, message: str) -> None:
        """Name the migration by its `filename` and say in `message` what to do."""
        super().__init__(f"{filename}: {message}")
        self.filename = filename


class SourceMismatchError(PermanentError):
    """The configured source is not the one of the current generation: a reseed is needed."""

    def __init__(self, configured: str, current: str) -> None:
        """Name both sources."""
        super().__init__(
            f"reseed needed: the configured source is {configured}, but the current generation was "
            f"read from {current}; point the setting back, or run `fleettickets ingest --reseed`"
        )
        self.configured = configured
        self.current = current


class ReseedRefusedError(PermanentError):
    """A reseed may not start or go on now; the text says which one stands in its way."""


class GeocoderKeyError(PermanentError):
    """A geocoder refuses the key, or the service to it: somebody must change key or plan."""


class GeocoderQueryError(PermanentError):
    """A geocoder refuses one query as invalid; asking the same again does not help."""


class PlanChangedError(PermanentError):
    """A reseed's plan does not hold any more; the text names what has changed since."""


class MissingFilesError(PermanentError):
    """Files that were applied are not in the listing; the text says what doing without costs."""


class PlanLostError(PermanentError):
    """A plan in progress is gone: it ended, or the database crashed; it has to be made anew."""


class LeaseLostError(PermanentError):
    """Another worker holds the reseed's lease by now: this one writes nothing more and stops."""


class ObjectGoneError(PermanentError):
    """An object does not exist (any more)."""

    def __init__(self, key: str) -> None:
        """Name the object by its `key`."""
        super().__init__(f"{key} does not exist")
        self.key = key


class FileQuarantineError(PermanentError):
    """A change file cannot be applied; `reason` goes into the ledger, for people to read."""

    def __init__(self, reason: str) -> None:
        """Take the `reason`: what is wrong, where, and what to do."""
        super().__init__(reason)
        self.reason = reason
