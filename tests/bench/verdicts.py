"""What is wanted of the product, and whether a run found it: a must, and a goal beyond it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """Two limits for one figure. `unit` is written behind the figures: `x`, `ms`."""

    what: str
    must: float
    goal: float
    unit: str = "x"
    at_most: bool = False
    """Whether smaller is better, as for times."""

    def judge(self, found: float | None) -> str:
        """Return the line of a report; None stands for what could not be measured."""
        sign = "<=" if self.at_most else ">="
        limits = f"{sign} {self.must:g} / {self.goal:g} {self.unit}"
        figure = "not measured" if found is None else f"{self._short(found)} {self.unit}"
        return f"{self._word(found):6}  {self.what} {limits}: {figure}"

    def _word(self, found: float | None) -> str:
        if found is None:
            return "NONE"
        if self._reaches(found, self.goal):
            return "GOAL"
        return "MUST" if self._reaches(found, self.must) else "MISSED"

    def _reaches(self, found: float, limit: float) -> bool:
        return found <= limit if self.at_most else found >= limit

    def _short(self, figure: float) -> str:
        """Round to the worse side, so that no figure looks as if it reached a limit it missed.

        Two decimals where they say something.
        """
        decimals = 2 if figure < 10 else 1
        towards_worse = math.ceil if self.at_most else math.floor
        # What is a whole number of the last decimal but for the binary fraction's error stays it.
        return f"{towards_worse(round(figure * 10**decimals, 6)) / 10**decimals:.{decimals}f}"
