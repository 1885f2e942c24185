"""Invariants of the whole schema, read from the catalog, so that later migrations keep them too."""

import subprocess
from typing import LiteralString

import psycopg
import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation
from psycopg.types.json import Jsonb

from tests.support.tickets import add_cluster, add_location, insert_ticket, value

OURS = "('tickets'::regnamespace, 'reporting'::regnamespace, 'scratch'::regnamespace)"

RULES: dict[str, LiteralString] = {
    "every schema has a comment": """
        select nspname from pg_namespace
        where nspname in ('tickets', 'reporting', 'scratch')
            and obj_description(oid, 'pg_namespace') is null
    """,
    "every table, view and index of its own has a comment": f"""
        select relname from pg_class as relation
        where relnamespace in {OURS} and relkind in ('r', 'p', 'v', 'm', 'i', 'S')
            and obj_description(oid, 'pg_class') is null
            and not exists (select from pg_constraint where conindid = relation.oid)
            and not exists (
                select from pg_depend
                where objid = relation.oid and deptype = 'i' and relkind = 'S'
            )
    """,
    "every column has a comment": f"""
        select relname || '.' || attname
        from pg_attribute inner join pg_class as relation on attrelid = relation.oid
        where relnamespace in {OURS} and relkind in ('r', 'p', 'v', 'm')
            and attnum > 0 and not attisdropped and col_description(attrelid, attnum) is null
    """,
    "every function has a comment": f"""
        select oid::regprocedure::text from pg_proc
        where pronamespace in {OURS} and obj_description(oid, 'pg_proc') is null
    """,
    "every trigger has a comment": f"""
        select tgname from pg_trigger inner join pg_class as relation on tgrelid = relation.oid
        where relnamespace in {OURS} and not tgisinternal
            and obj_description(pg_trigger.oid, 'pg_trigger') is null
    """,
    "public may do nothing": f"""
        select object from (
            select oid::regprocedure::text as object,
                coalesce(proacl, acldefault('f', proowner)) as acl
            from pg_proc where pronamespace in {OURS}
            union all
            select oid::regclass::text, relacl from pg_class where relnamespace in {OURS}
            union all
            select nspname, nspacl from pg_namespace where oid in {OURS}
        ) as objects, aclexplode(acl) as entry
        where entry.grantee = 0
    """,
    "every constraint was given its name": """
        select conname from pg_constraint
        where connamespace = 'tickets'::regnamespace and contype = 'c' and conname like '%_check'
    """,
    "instants have a time zone, and end in _at": """
        select attname from pg_attribute inner join pg_class as relation on attrelid = relation.oid
        where relnamespace = 'tickets'::regnamespace and relkind in ('r', 'v') and attnum > 0
            and not attisdropped and attname <> 'created_at_service' and (
                atttypid = 'timestamp'::regtype
                or (atttypid = 'timestamptz'::regtype) <> (
                    attname like '%\\_at' or attname in ('pending_as_of')
                )
            )
    """,
    "stamps are compared bytewise": """
        select relname from pg_attribute inner join pg_class as relation on attrelid = relation.oid
        where relnamespace = 'tickets'::regnamespace and relkind = 'r' and attname = 'stamp'
            and attcollation <> '"C"'::regcollation
    """,
    "definer's functions pin their path": f"""
        select oid::regprocedure::text from pg_proc
        where pronamespace in {OURS} and prosecdef
            and proconfig is distinct from array['search_path=pg_catalog, pg_temp']
    """,
    "definer's functions are not for everybody": f"""
        select oid::regprocedure::text from pg_proc
        where pronamespace in {OURS} and prosecdef and prorettype <> 'trigger'::regtype
            and has_function_privilege('public', oid, 'execute')
    """,
    "functions of generated columns are immutable, parallel safe, with nothing set": """
        select proc.oid::regprocedure::text
        from pg_attrdef
        inner join pg_depend on pg_depend.objid = pg_attrdef.oid
        inner join pg_proc as proc on pg_depend.refobjid = proc.oid
        where pronamespace = 'tickets'::regnamespace
            and (provolatile <> 'i' or proparallel <> 's' or proconfig is not null or prosecdef)
    """,
    "no btree index on unbounded text can fail a ticket": """
        select indexrelid::regclass::text from pg_index
        inner join pg_attribute on attrelid = indrelid and attnum = any (indkey)
        where indrelid = 'tickets.inc'::regclass
            and atttypid = 'text'::regtype and attname not in ('ticket_id', 'geo_source')
            and coalesce(
                pg_get_expr(indpred, indrelid) not like '%octet_length(' || attname || ')%<= 1000%',
                true
            )
    """,
    "the tools of the adoption are gone": """
        select proname from pg_proc
        where pronamespace = 'tickets'::regnamespace
            and (proname like 'conform%' or proname like '%grants')
    """,
}


@pytest.mark.parametrize("offenders", RULES.values(), ids=RULES.keys())
def test_rule(module_connection: psycopg.Connection, offenders: LiteralString) -> None:
    """Each rule's query lists what breaks it."""
    assert module_connection.execute(offenders).fetchall() == []


def test_the_tickets_have_the_designed_columns(module_connection: psycopg.Connection) -> None:
    """Consumers name them; what 06 and 07 dropped is gone."""
    columns = dict(
        module_connection.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = 'tickets.inc'::regclass and attnum > 0 and not attisdropped"
        ).fetchall()
    )

    text = (
        "ticket_id normalized_status raw_status bucket cluster region location_name"
        " assigned_team owner sla_status geo_source"
    )
    instants = (
        "created_at_service scheduled_at closed_at first_seen_at last_seen_at"
        " source_created_at source_updated_at ingested_at"
    )
    assert columns == {
        **dict.fromkeys(text.split(), "text"),
        **dict.fromkeys(instants.split(), "timestamp with time zone"),
        "raw": "jsonb",
        "is_actionable": "boolean",
        "mttr": "integer",
        "latitude": "double precision",
        "longitude": "double precision",
        "geom": "geometry(Point,4326)",
        "geog": "geography(Point,4326)",
    }


def test_the_map_has_one_overload(module_connection: psycopg.Connection) -> None:
    """With the parameters and defaults that its callers name."""
    overloads = module_connection.execute(
        "select pg_get_function_arguments(oid) || ' -> ' || pg_get_function_result(oid)"
        " from pg_proc where proname = 'fn_tickets_for_map'"
    ).fetchall()

    parameters = (
        "p_open_only boolean DEFAULT true, p_cluster text DEFAULT NULL::text,"
        " p_status text DEFAULT NULL::text"
    )
    assert overloads == [(f"{parameters} -> jsonb",)]


def test_a_new_database_is_live_at_generation_0(connection: psycopg.Connection) -> None:
    """Its source is set by the first ingest from a bucket."""
    streams = connection.execute(
        "select dataset, generation, mode, source from tickets.import_streams"
    ).fetchall()

    assert streams == [("inc", 0, "live", None)]


SETTLE = """
insert into tickets.import_files
(dataset, generation, stamp, revision, object_key, status, reason,
 rows_read, rows_dropped, rows_rejected, rows_duplicate,
 rows_inserted, rows_updated, rows_unchanged, rows_stale)
values ('inc', 0, '2026-01-01T00-00-00', 1, 'k', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


@pytest.mark.parametrize(
    ("status", "reason", "counts"),
    [
        ("applied", None, (8, 1, 1, 1, 1, 1, 1, 1)),
        ("applied", None, (None,) * 8),
        ("applied", None, (7, 1, 1, 1, 1, 1, 1, None)),
        ("applied", None, (0, -1, 1, 0, 0, 0, 0, 0)),
        ("quarantined", "bad", (0,) * 8),
        ("skipped", None, (None,) * 8),
        ("lost", "why", (None,) * 8),
    ],
)
def test_the_ledger_refuses_counts_that_do_not_add_up(
    connection: psycopg.Connection, status: str, reason: str | None, counts: tuple[int | None, ...]
) -> None:
    """Rows read are the sum of the other seven if applied; else there are none, but a reason."""
    with pytest.raises(CheckViolation):
        connection.execute(SETTLE, [status, reason, *counts])


def test_rejects_may_be_written_before_their_file_and_go_with_it(
    connection: psycopg.Connection,
) -> None:
    """They are checked at the commit, when the ledger row must be there."""
    reject = (
        "insert into tickets.import_rejects values"
        " ('inc', 0, '2026-01-01T00-00-00', 1, 2, 'no ticket_id', ',x')"
    )
    with connection.transaction():
        connection.execute(reject)
        connection.execute(SETTLE, ["applied", None, 1, 0, 1, 0, 0, 0, 0, 0])
    connection.execute("delete from tickets.import_files")

    assert value(connection, "select count(*) from tickets.import_rejects") == 0
    with pytest.raises(ForeignKeyViolation):
        connection.execute(reject)


def test_a_dump_restores_with_equal_content(
    connection: psycopg.Connection, database_url: str, bare_database_url: str
) -> None:
    """Into an empty database, without help; what was generated there equals what was here."""
    add_cluster(connection, "Nakuru", 36.07, -0.3)
    add_location(connection, "Milimani", "", 36.06, -0.28)
    insert_ticket(connection, "T1", location_name="Milimani", closed_at="2026-06-15 10:00:00")
    insert_ticket(connection, "T2", latitude="-1.28", longitude="36.82", mttr="1.5")
    insert_ticket(connection, "T3", cluster="🎫" * 10000)
    connection.execute("insert into tickets.crq (ticket_id, raw) values ('C1', %s)", [Jsonb({})])
    connection.execute("select tickets.capture_history()")

    dumped = subprocess.run(
        ["pg_dump", "--dbname", database_url], capture_output=True, check=True, text=True
    )
    subprocess.run(
        ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-1", "-d", bare_database_url],
        input=dumped.stdout,
        capture_output=True,
        check=True,
        text=True,
    )

    with psycopg.connect(bare_database_url, autocommit=True) as restored:
        assert _contents(restored) == _contents(connection)
        insert_ticket(restored, "T4")
        restored.execute("select reporting.fn_inc_dashboard()")


def _contents(connection: psycopg.Connection) -> dict[str, list[str]]:
    tables = connection.execute(
        "select oid::regclass::text from pg_class"
        " where relnamespace = 'tickets'::regnamespace and relkind = 'r' order by 1"
    ).fetchall()
    return {
        table: [
            row[0]
            for row in connection.execute(
                f"select rows::text from {table} as rows order by 1".encode()
            )
        ]
        for (table,) in tables
    }
