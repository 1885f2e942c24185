#!/usr/bin/env python3
"""Prints a SAM template as the CloudFormation template that AWS makes of it, as JSON.

Runs under the Python of the SAM tools (scripts/tools.sh), without a network.
"""

# pyright: reportMissingImports=false

import json
import sys
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

REGION = "us-east-1"
ANY_LOCATION = "s3://bucket/key"  # the translator wants one; where the code is does not matter here


class NoManagedPolicies:
    """Answers for IAM: the template names its policies by ARN."""

    def load(self) -> dict[str, str]:
        """Return no names."""
        return {}


def main() -> None:
    """Translate the template that the command line names."""
    template: dict[str, Any] = yaml_parse(Path(sys.argv[1]).read_text())
    for resource in template["Resources"].values():
        for location in ("CodeUri", "ContentUri", "DefinitionUri"):
            if location in resource.get("Properties", {}):
                resource["Properties"][location] = ANY_LOCATION
    translator = Translator({}, Parser())
    json.dump(translator.translate(template, {}), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
