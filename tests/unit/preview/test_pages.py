"""The page is one file that can run and ask for nothing but what it lists."""

import base64
import gzip
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from fleettickets.cli.preview import write_page
from fleettickets.jobs.preview import Preview
from fleettickets.preview.pages import Tiles, inert_json, read_source, render_page

HOSTILE = "</script><script>alert(1)</script><!--\u2028"
VENDOR = Path(__file__).parents[3] / "scripts" / "vendor"


def a_preview() -> Preview:
    """A preview of one hostile ticket."""
    ticket = {"properties": {"ticket_id": HOSTILE}, "geometry": {"coordinates": [36.8, -1.3]}}
    return Preview(
        written_at=datetime(2026, 6, 15, 14, tzinfo=UTC),
        map={"features": [ticket], "summary": {}},
        closed={"features": []},
        metrics={},
        series={},
        status={},
        ledger={},
    )


def test_no_text_of_a_ticket_is_markup() -> None:
    """The payloads are packed; unpacked they are what the database said."""
    page = render_page(a_preview())

    (packed,) = re.findall(r'id="payloads">([^<]*)<', page)
    document = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert "alert(1)" not in page
    assert document["map"]["features"]["columns"]["ticket_id"]["values"] == [HOSTILE]
    assert document["written_at"] == "2026-06-15T14:00:00+00:00"


def test_the_policy_allows_the_scripts_and_styles_that_are_there() -> None:
    """Each inline one by its hash, none from elsewhere, images from the tiles' host only."""
    page = render_page(a_preview(), Tiles("https://{s}.tiles.example/{z}/{x}/{y}.png", "Example"))

    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    allowed = {part.split()[0]: set(part.split()[1:]) for part in policy.split("; ")}
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert allowed["default-src"] == {"'none'"}
    assert allowed["script-src"] == {_hash(script) for script in scripts}
    assert allowed["style-src"] == {_hash(style) for style in styles}
    assert allowed["img-src"] == {"data:", "https://*.tiles.example"}


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_settings_cannot_leave_their_element() -> None:
    """A tag in a setting stays inside of the JSON that it is part of."""
    element = inert_json("settings", {"by": HOSTILE})

    assert element.count("<") == 2
    assert json.loads(element.partition(">")[2].rpartition("<")[0]) == {"by": HOSTILE}


def test_libraries_are_those_of_the_lock() -> None:
    """Whoever raises a version there has to copy the files anew, and the other way round."""
    packages = json.loads((VENDOR / "package-lock.json").read_text())["packages"]
    versions = {
        name: packages[f"node_modules/{name}"]["version"] for name in ("leaflet", "supercluster")
    }

    licences = read_source("vendor/LICENCES.txt")

    assert f"Leaflet {versions['leaflet']}," in read_source("vendor/leaflet.js")[:200]
    assert all(f"==== {name} {version}\n" in licences for name, version in versions.items())


def test_a_new_page_replaces_the_old_one(tmp_path: Path) -> None:
    """In one step, in a directory that is made if need be, and nothing is left beside it."""
    folder = tmp_path / "made" / "for it"
    write_page(folder, "old")

    path = write_page(folder, "new")

    assert path.read_text() == "new"
    assert list(folder.iterdir()) == [path]
