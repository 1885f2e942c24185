"""The SAM template as tests read it: its resources, and what an intrinsic function means."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.support.localstack import ROOT
from tests.support.packages import read_template

TEMPLATE = ROOT / "template.yaml"
FUNCTION = "AWS::Serverless::Function"
# What AWS itself fills in.
PSEUDO_PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "fleet",
    "AWS::URLSuffix": "amazonaws.com",
}
# Values for the parameters that have no default.
REQUIRED = {
    "BucketName": "tickets",
    "DatabaseSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
}
ABSENT = object()  # AWS::NoValue

type Node = Any  # a part of the template, as YAML has it: a map, a list, a text, a number


@cache
def _document() -> Mapping[str, Any]:
    return read_template(TEMPLATE)


@dataclass(frozen=True, slots=True)
class Template:
    """The template under these parameter values; the others have their defaults."""

    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    document: Mapping[str, Any] = field(default_factory=_document)

    def value(self, parameter: str) -> str:
        """Return a parameter's value as a text, as CloudFormation hands it on."""
        if parameter in self.parameters:
            return self.parameters[parameter]
        declared = self.document["Parameters"][parameter]
        return str(declared["Default"]) if "Default" in declared else REQUIRED[parameter]

    def resources(self, *types: str) -> dict[str, dict[str, Any]]:
        """Return the resources of these types (all: none named) that are made, resolved."""
        return {
            name: self.resolve(resource)
            for name, resource in self.document["Resources"].items()
            if (not types or resource["Type"] in types)
            and ("Condition" not in resource or self.holds(resource["Condition"]))
        }

    def functions(self) -> dict[str, dict[str, Any]]:
        """Return the functions' properties by folder, those of Globals merged in."""
        common = self.resolve(self.document["Globals"]["Function"])
        return {
            own["CodeUri"].split("/")[1]: _merged(common, own)
            for own in (each["Properties"] for each in self.resources(FUNCTION).values())
        }

    def environment(self, folder: str) -> dict[str, str]:
        """Return the environment variables of the function in this folder."""
        variables = self.functions()[folder]["Environment"]["Variables"]
        return {name: str(value) for name, value in variables.items()}

    def statements(self, role: str) -> Iterator[dict[str, Any]]:
        """Return the policy statements of a role, those of our managed policies included."""
        resources = self.resources()
        properties = resources[role]["Properties"]
        for policy in properties.get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]
        for reference in properties.get("ManagedPolicyArns", []):
            if reference in resources:
                yield from resources[reference]["Properties"]["PolicyDocument"]["Statement"]

    def holds(self, condition: str) -> bool:
        """Return whether a condition of the template holds."""
        return self._truth(self.document["Conditions"][condition])

    def resolve(self, node: Node) -> Node:
        """Return what a part of the template means; a resource's reference is its logical name.

        An attribute, such as an ARN, is `Name.Attribute`.
        """
        if isinstance(node, list):
            return [item for each in node if (item := self.resolve(each)) is not ABSENT]
        return self._meaning(node) if isinstance(node, dict) else node

    def _meaning(self, node: Mapping[str, Any]) -> Node:
        match node:
            case {"Ref": name}:
                return self._reference(name)
            case {"Fn::Sub": argument}:
                return self._substituted(argument)
            case {"Fn::GetAtt": names}:
                return ".".join(names)
            case {"Fn::Join": [separator, parts]}:
                return separator.join(map(str, self.resolve(parts)))
            case {"Fn::If": [condition, if_true, if_false]}:
                return self.resolve(if_true if self.holds(condition) else if_false)
            case _:
                resolved = {key: self.resolve(value) for key, value in node.items()}
                return {key: value for key, value in resolved.items() if value is not ABSENT}

    def _substituted(self, argument: Node) -> str:
        """Fill in a text, which may stand in a list with names of its own."""
        text, own = argument if isinstance(argument, list) else (argument, {})
        names = self.resolve(own)

        def value(found: re.Match[str]) -> str:
            return str(names[found[1]] if found[1] in names else self._reference(found[1]))

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def _reference(self, name: str) -> Node:
        if name == "AWS::NoValue":
            return ABSENT
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        declared = self.document["Parameters"].get(name)
        if declared is None:
            return name
        value = self.value(name)
        if declared["Type"] == "CommaDelimitedList":
            return value.split(",")
        return int(value) if declared["Type"] == "Number" else value

    def _truth(self, node: Mapping[str, Any]) -> bool:
        ((name, argument),) = node.items()
        match name:
            case "Condition":
                return self.holds(argument)
            case "Fn::Not":
                return not self._truth(argument[0])
            case "Fn::Equals":
                left, right = map(self.resolve, argument)
                return left == right
            case _:
                raise AssertionError(f"a condition of an unknown kind: {name}")


def _merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what SAM makes of a function: maps are merged, lists and values are replaced."""
    merged = {**common, **own}
    for name in common.keys() & own.keys():
        if isinstance(common[name], dict):
            merged[name] = _merged(common[name], own[name])
    return merged


def as_list(node: Node) -> list[Node]:
    """Return what IAM takes as one or several."""
    return node if isinstance(node, list) else [node]
