"""Keys of change files: which objects belong to the stream, and what time their stamps name."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final, Literal, get_args

from fleettickets.errors import SettingError

# A fixed offset: East Africa has no daylight saving time, and a slim container has no time zones.
EAT: Final = timezone(timedelta(hours=3), "EAT")
MAX_LEAD: Final = timedelta(minutes=15)
"""How far a stamp may be ahead of now, for clocks that differ, before its file is held."""

Folder = Literal["changes", "processed", "quarantine"]

_STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}"
_NAME = re.compile(rf"({_STAMP})(?:\.r([1-9][0-9]{{0,8}}))?\.csv")
_STAMP_AT_END = re.compile(rf"(?:^|/)({_STAMP})(?:\.csv)?$")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """A key of the stream; `copy` is 1 for `<stamp>.csv` and n for `<stamp>.r<n>.csv`."""

    folder: Folder
    stamp: str
    copy: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """The part of the bucket that one stream lives in; the empty text is the bucket's root.

    Raises:
        SettingError: it begins or ends with a slash, or has a part that no directory can have.
    """

    text: str = "automations/inc"

    def __post_init__(self) -> None:
        """Check the text, which comes from a setting."""
        parts = self.text.split("/") if self.text else []
        if _CONTROL_CHARACTER.search(self.text) or any(part in {"", ".", ".."} for part in parts):
            raise SettingError(
                "TICKETS_PREFIX",
                f"must be folder names joined by single slashes, without one at either end, "
                f"such as automations/inc, not {self.text!r}",
            )

    @property
    def changes(self) -> str:
        """The folder that the producer writes to, with a slash at its end."""
        return self._folder("changes")

    @property
    def processed(self) -> str:
        """The folder of applied files, with a slash at its end."""
        return self._folder("processed")

    @property
    def quarantine(self) -> str:
        """The folder of refused and skipped files, with a slash at its end."""
        return self._folder("quarantine")

    @property
    def reports(self) -> str:
        """The folder of a plan's reports, with a slash at its end."""
        return self._folder("reports")

    def change_key(self, stamp: str) -> str:
        """Return the key of the change file with this stamp."""
        return f"{self.changes}{stamp}.csv"

    def processed_key(self, stamp: str, copy: int) -> str:
        """Return the archive key of the stamp's content number `copy`, counted from 1."""
        return f"{self.processed}{_name(stamp, copy)}"

    def quarantine_key(self, stamp: str, copy: int) -> str:
        """Return the quarantine key of the stamp's content number `copy`, counted from 1."""
        return f"{self.quarantine}{_name(stamp, copy)}"

    def parse(self, key: str) -> ParsedKey | None:
        """Split a key of the stream; None for a foreign object, which is left where it is.

        Nested keys, unpadded stamps and other endings are foreign, and so is a copy in `changes/`.
        The stamp has the right shape but need not be a real time: see `is_held`.
        """
        for folder in get_args(Folder):
            path = self._folder(folder)
            name = _NAME.fullmatch(key.removeprefix(path)) if key.startswith(path) else None
            if name is not None:
                copy = int(name[2] or 1)
                is_foreign = name[2] is not None and (copy == 1 or folder == "changes")
                return None if is_foreign else ParsedKey(folder, name[1], copy)
        return None

    def stamp_of(self, text: str) -> str | None:
        """Return the stamp that a person names by a key, a file name or the stamp alone."""
        parsed = self.parse(text)
        if parsed is not None:
            return parsed.stamp
        found = _STAMP_AT_END.search(text)
        return found[1] if found else None

    def _folder(self, name: str) -> str:
        return f"{self.text}/{name}/" if self.text else f"{name}/"


def _name(stamp: str, copy: int) -> str:
    return f"{stamp}.csv" if copy == 1 else f"{stamp}.r{copy}.csv"


def stamp_time(stamp: str) -> datetime | None:
    """Return the EAT time that a stamp names; None when it is no real time, such as 24:00:00."""
    if not re.fullmatch(_STAMP, stamp):
        return None
    year, month, day, hour, minute, second = map(int, re.split("[-T]", stamp))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=EAT)
    except ValueError:
        return None


def is_held(stamp: str, now: datetime) -> bool:
    """Whether a file is neither applied nor moved; `now` carries a time zone.

    Held is a stamp that is no real time, or one more than 15 minutes ahead: were it applied, a
    mistyped year would outrank every real file until that year.
    """
    named = stamp_time(stamp)
    return named is None or named - now > MAX_LEAD
