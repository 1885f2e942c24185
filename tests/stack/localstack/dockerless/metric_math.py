"""Metric math: the expressions of CloudWatch alarms, for one period at a time."""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping

type Value = float | None
type Values = Mapping[str, Value]

_OPERATORS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right if right else math.nan,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}


class ExpressionError(ValueError):
    """The expression is not one of the forms that are understood here."""


def evaluate(expression: str, values: Values, hour: int) -> Value:
    """Return what the expression comes to in a period that ends in this `hour` (UTC).

    `values` are those of the metrics by id, None where one has no data; without data for all that
    is used the answer is None, too. Understood are arithmetic, comparisons, AND, OR, IF, FILL,
    HOUR, MAX, MIN, SUM and METRICS().

    Raises:
        ExpressionError: it holds something else.
    """
    # Python's own parser reads it when `IF` is no keyword and the operators are in lower case.
    text = re.sub(r"\b(AND|OR)\b", lambda found: found[1].lower(), expression)
    result = _Evaluation(values, hour).visit(ast.parse(text, mode="eval").body)
    if isinstance(result, list):
        raise ExpressionError(f"it comes to several series: {expression}")
    return None if result is None or math.isnan(result) else float(result)


class _Evaluation(ast.NodeVisitor):
    """Walks an expression; each visit returns a number, None, or a list of these."""

    def __init__(self, values: Values, hour: int) -> None:
        self._values = values
        self._hour = hour

    def generic_visit(self, node: ast.AST) -> Value:
        raise ExpressionError(f"not understood: {ast.unparse(node)}")

    def visit_Constant(self, node: ast.Constant) -> Value:
        return float(str(node.value))

    def visit_Name(self, node: ast.Name) -> Value:
        return self._values[node.id]

    def visit_List(self, node: ast.List) -> list[Value]:
        return [self.visit(each) for each in node.elts]

    def visit_BinOp(self, node: ast.BinOp) -> Value:
        return self._combined(node.op, self.visit(node.left), self.visit(node.right))

    def visit_Compare(self, node: ast.Compare) -> Value:
        return self._combined(node.ops[0], self.visit(node.left), self.visit(node.comparators[0]))

    def visit_BoolOp(self, node: ast.BoolOp) -> Value:
        found = [self.visit(each) for each in node.values]
        if None in found:
            return None
        return float((all if isinstance(node.op, ast.And) else any)(found))

    def visit_Call(self, node: ast.Call) -> Value | list[Value]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "METRICS":
            return [*self._values.values()]
        arguments = [self.visit(each) for each in node.args]
        match name, arguments:
            case "IF", [condition, if_true, if_false]:
                return if_true if condition else if_false
            case "FILL", [value, filling]:
                return filling if value is None else value
            case "HOUR", [_]:
                return float(self._hour)
            case (("MAX" | "MIN" | "SUM"), [[*items]]):
                present = [item for item in items if item is not None]
                return {"MAX": max, "MIN": min, "SUM": sum}[name](present) if present else None
            case _:
                raise ExpressionError(f"not understood: {ast.unparse(node)}")

    def _combined(self, sign: ast.AST, left: Value, right: Value) -> Value:
        if type(sign) not in _OPERATORS:
            raise ExpressionError(f"not understood: {ast.dump(sign)}")
        if left is None or right is None:
            return None
        return float(_OPERATORS[type(sign)](left, right))
