"""Calling the read schema's functions, and judging what they return by its JSON Schema."""

import json
from typing import Any

import psycopg
from jsonschema import Draft202012Validator
from psycopg import sql
from referencing import Registry, Resource

from tests.support.postgres import ROOT

SCHEMAS = ROOT / "docs" / "schemas"


def call(connection: psycopg.Connection, function: str, **arguments: object) -> Any:  # noqa: ANN401
    """Return what `schema.function` answers to named arguments; text is read as JSON."""
    named = [
        sql.SQL("{} := {}").format(sql.Identifier(name), sql.Placeholder(name))
        for name in arguments
    ]
    statement = sql.SQL("select {}({})").format(
        sql.Identifier(*function.split(".")), sql.SQL(", ").join(named)
    )
    row = connection.execute(statement, arguments).fetchone()
    assert row is not None
    return json.loads(row[0]) if isinstance(row[0], str) else row[0]


def check_shape(function: str, payload: Any) -> None:  # noqa: ANN401
    """Fail unless `payload` is what the function's JSON Schema says, nothing missing or extra."""
    name = function.partition(".")[2].removesuffix("_text")
    errors = sorted(_validator(name).iter_errors(payload), key=lambda error: error.json_path)
    assert errors == [], "\n".join(f"{error.json_path}: {error.message}" for error in errors)


def _validator(name: str) -> Draft202012Validator:
    documents = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    registry = Registry().with_resources(
        (key, Resource.from_contents(document)) for key, document in documents.items()
    )
    schema = documents[f"{name}.schema.json"]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(
        schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def ids(collection: dict[str, Any]) -> list[str]:
    """Return the tickets of a feature collection, which come in no particular order."""
    return sorted(feature["properties"]["ticket_id"] for feature in collection["features"])
