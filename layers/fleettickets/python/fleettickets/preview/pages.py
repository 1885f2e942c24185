"""Puts the page together: one HTML file with its styles, scripts, outline map and payloads inside.

Nothing in it can be run or loaded but what is listed here: a content security policy allows its
scripts and styles by their hashes, and requests to the host of the street tiles only. What the
database says is packed (gzip, base64), so no text of a ticket is part of the markup.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any
from urllib.parse import urlsplit

from fleettickets.jobs.preview import Preview
from fleettickets.preview.columns import to_columns

LIBRARIES = ("vendor/leaflet.js", "vendor/supercluster.js")
SCRIPTS = ("text", "states", "tickets", "popups", "map", "list", "charts", "panels", "main")
STYLES = ("vendor/leaflet.css", "page/page.css")
COMPRESSION = 6  # of 9: a tenth larger than the best, and several times as fast


@dataclass(frozen=True, slots=True)
class Tiles:
    """Street tiles that the reader can turn on.

    `url` has {z}, {x} and {y}, and {s} for one of the servers a to c if it likes; `attribution` is
    what their owner wants to be read beside the map.
    """

    url: str
    attribution: str

    @property
    def origin(self) -> str:
        """The scheme and host that images may come from, as a content security policy has it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


OPENSTREETMAP = Tiles(
    "https://tile.openstreetmap.org/{z}/{x}/{y}.png", "© OpenStreetMap contributors"
)


def render_page(preview: Preview, tiles: Tiles = OPENSTREETMAP) -> str:
    """Return the page, complete: about 0.5 MB, and 4 MB with 100,000 open tickets."""
    scripts = [*(read_source(name) for name in LIBRARIES), page_script()]
    styles = [read_source(name) for name in STYLES]
    return Template(read_source("page/index.html")).substitute(
        policy=policy(scripts, styles, tiles),
        styles="\n".join(f"<style>{style}</style>" for style in styles),
        payloads=packed(preview),
        scripts="\n".join(
            [
                inert_json("outline", json.loads(read_source("vendor/outline.json"))),
                inert_json(
                    "settings", {"tiles": {"url": tiles.url, "attribution": tiles.attribution}}
                ),
                *(f"<script>{script}</script>" for script in scripts),
            ]
        ),
    )


def page_script() -> str:
    """Return the page's own scripts as one, in the order in which they build on each other."""
    sources = "\n".join(read_source(f"page/{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{sources}}})();'


@cache
def read_source(name: str) -> str:
    """Return a file beside this module, by its path with slashes."""
    return files("fleettickets.preview").joinpath(name).read_text(encoding="utf-8")


def packed(preview: Preview) -> str:
    """Return the payloads as JSON, compressed, in base64: text that means nothing to a browser."""
    document = {name: getattr(preview, name) for name in Preview.__slots__}
    document |= {name: _by_column(document[name]) for name in ("map", "closed")}
    text = json.dumps(document, default=_plain, ensure_ascii=False, separators=(",", ":"))
    smaller = gzip.compress(text.encode(), compresslevel=COMPRESSION, mtime=0)
    return base64.b64encode(smaller).decode("ascii")


def _by_column(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload with its features by column, all else as it is."""
    return {**payload, "features": to_columns(payload["features"])}


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)


def inert_json(identifier: str, document: object) -> str:
    """Return a script element that holds JSON, which nothing in the JSON can end or leave."""
    text = json.dumps(document, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{identifier}">{text}</script>'


def policy(scripts: list[str], styles: list[str], tiles: Tiles) -> str:
    """Return the content security policy: these scripts and styles, those tiles, nothing else."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {' '.join(map(_hash, styles))}",
            f"img-src data: {tiles.origin}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
