"""What is wanted of the product, and whether a run found it: a must, and a goal beyond it."""

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
        figure = "not measured" if found is None else f"{_short(found)} {self.unit}"
        return f"{self._word(found):6}  {self.what} {limits}: {figure}"

    def _word(self, found: float | None) -> str:
        if found is None:
            return "NONE"
        if self._reaches(found, self.goal):
            return "GOAL"
        return "MUST" if self._reaches(found, self.must) else "MISSED"

    def _reaches(self, found: float, limit: float) -> bool:
        return found <= limit if self.at_most else found >= limit


def _short(figure: float) -> str:
    """Two decimals where they say something."""
    return f"{figure:.2f}" if figure < 10 else f"{figure:.1f}"
