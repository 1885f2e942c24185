#!/usr/bin/env python3
"""Adds to a bill of materials (CycloneDX, on standard input) the licences of what is installed.

supply_chain.py sbom       print the bill with licences
supply_chain.py licences   print a page for people
"""

import json
import sys
from importlib.metadata import metadata
from typing import Any

PAGE = """\
# Licences

What others have written and we use: the packages of `uv.lock` that are deployed or that the
command line needs, under the licence that each declares. `make licences` writes this page;
`make sbom` writes what is deployed as CycloneDX. `psycopg-binary` brings libpq and what that links
(OpenSSL, Kerberos, OpenLDAP, SASL), each under its own licence. Migrations call PostGIS
(GPL-2.0-or-later), which is part of the database, and not of what we ship.

| package | version | licence |
|---|---|---|
"""
# What some say of themselves, and how SPDX calls it.
SPDX = {
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "BSD-3-Clause": "BSD-3-Clause",
    "MIT": "MIT",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# Several, of which one may choose.
EXPRESSIONS = {"python-dateutil": "Apache-2.0 OR BSD-3-Clause"}


def licence_of(package: str) -> str:
    """Return the licence that an installed package declares, as SPDX writes it.

    Raises:
        LookupError: it declares none that is understood here.
    """
    about = metadata(package)
    if expression := EXPRESSIONS.get(package) or about.get("License-Expression"):
        return expression
    declared = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier") or []
        if text.startswith("License :: ")
    ]
    if short := about.get("License"):
        declared.append(short)
    known = sorted(
        {str(SPDX.get(text, text)) for text in declared if text in {*SPDX, *SPDX.values()}}
    )
    if len(known) != 1:
        raise LookupError(f"{package} declares {declared}: add how SPDX calls it")
    return known[0]


def main() -> None:
    """Do what the command line says."""
    bill: dict[str, Any] = json.load(sys.stdin)
    # Some are for other systems than this one, and are not installed here.
    parts = [part for part in bill["components"] if not _is_elsewhere(part)]
    for part in parts:
        part["licenses"] = [{"expression": licence_of(part["name"])}]
    if sys.argv[1] == "sbom":
        json.dump({**bill, "components": parts}, sys.stdout, indent=2)
        return
    sys.stdout.write(PAGE)
    for part in sorted(parts, key=lambda each: each["name"]):
        licence = part["licenses"][0]["expression"]
        sys.stdout.write(f"| {part['name']} | {part['version']} | {licence} |\n")


def _is_elsewhere(part: dict[str, Any]) -> bool:
    properties = {each["name"]: each["value"] for each in part.get("properties", [])}
    marker = properties.get("uv:package:marker", "")
    return "win32" in marker and "!=" not in marker


if __name__ == "__main__":
    main()
