-- Purpose: the scratch tables of a reseed's plan, the snapshot that its apply counts with, and the
--          report of a finished reseed.
-- Why: a plan is made in many short runs, so what it knows by then has to stay between them. Its
--      tables are unlogged: nothing in them is worth a write-ahead log, and a plan that a crash of
--      the server took away is made anew.
-- Locks: access exclusive on tickets.import_streams, for a moment.
-- Undo: drop the five tables; alter table tickets.import_streams drop column report; drop
--       scratch.grant_roles() and tickets.grant_roles(), and rename tickets.grant_product_roles()
--       to that.

alter table tickets.import_streams add column report jsonb;

comment on column tickets.import_streams.report is
'What the reseed that opened the generation came to: counts, and the difference to its plan; null '
'until it is finished.';

create unlogged table scratch.reseed_plans (
    run bigint generated always as identity,
    plan_sha256 text not null,
    generation integer not null,
    source text not null,
    cleaning_version integer not null,
    held text[] not null,
    foreign_keys text[] not null,
    opened_at timestamptz not null default now(),
    summary jsonb,
    constraint reseed_plans_pkey primary key (run)
);

comment on table scratch.reseed_plans is
'Plans in progress, and for a day those that are finished.';
comment on column scratch.reseed_plans.run is
'Number of the plan.';
comment on column scratch.reseed_plans.plan_sha256 is
'Hash that names what the plan is about.';
comment on column scratch.reseed_plans.generation is
'Generation that the reseed would open.';
comment on column scratch.reseed_plans.source is
'Bucket and prefix that were listed.';
comment on column scratch.reseed_plans.cleaning_version is
'Version of the rules that rows are cleaned by.';
comment on column scratch.reseed_plans.held is
'Listed keys whose stamp is no real time or lies ahead.';
comment on column scratch.reseed_plans.foreign_keys is
'Listed keys that are not named like change files.';
comment on column scratch.reseed_plans.opened_at is
'When the listing was made.';
comment on column scratch.reseed_plans.summary is
'The answer of the finished plan, for whoever asks again; null until then.';

create unlogged table scratch.reseed_files (
    run bigint not null,
    position integer not null,
    stamp text collate "C" not null, -- noqa: LT01
    object_key text not null,
    etag text not null,
    size_bytes bigint not null,
    outcome text,
    status text,
    revision integer,
    reason text,
    rows_read bigint,
    rows_dropped bigint,
    rows_rejected bigint,
    rows_duplicate bigint,
    rows_inserted bigint,
    rows_updated bigint,
    rows_unchanged bigint,
    rows_stale bigint,
    constraint reseed_files_pkey primary key (run, position)
);

comment on table scratch.reseed_files is
'The files of a plan in the order of application, and what would become of each.';
comment on column scratch.reseed_files.run is
'Number of the plan.';
comment on column scratch.reseed_files.position is
'Place in the order of application, from 1.';
comment on column scratch.reseed_files.stamp is
'Stamp of the file, which orders the stream.';
comment on column scratch.reseed_files.object_key is
'Where it was listed.';
comment on column scratch.reseed_files.etag is
'Etag that it was listed with.';
comment on column scratch.reseed_files.size_bytes is
'Its size in bytes.';
comment on column scratch.reseed_files.outcome is
'applied, quarantined, skipped or already settled; null until it is judged.';
comment on column scratch.reseed_files.status is
'What the ledger would know its content as: applied, quarantined or skipped; null until judged.';
comment on column scratch.reseed_files.revision is
'Revision of its stamp that the content would be; null until it is judged.';
comment on column scratch.reseed_files.reason is
'Why it would not be applied; null if it would.';
comment on column scratch.reseed_files.rows_read is
'Rows read, the sum of the other seven; this and they are null unless the file would be applied.';
comment on column scratch.reseed_files.rows_dropped is
'Rows that are no tickets.';
comment on column scratch.reseed_files.rows_rejected is
'Rows that break a rule.';
comment on column scratch.reseed_files.rows_duplicate is
'Rows that a later line of the same ticket replaces.';
comment on column scratch.reseed_files.rows_inserted is
'New tickets.';
comment on column scratch.reseed_files.rows_updated is
'Tickets whose content would change.';
comment on column scratch.reseed_files.rows_unchanged is
'Tickets that would be asserted as they are.';
comment on column scratch.reseed_files.rows_stale is
'Tickets that something newer has asserted.';

create unlogged table scratch.reseed_tickets (
    run bigint not null,
    ticket_id text not null,
    raw_hash text not null,
    generation integer not null,
    stamp text collate "C" not null, -- noqa: LT01
    revision integer not null,
    constraint reseed_tickets_pkey primary key (run, ticket_id)
);

comment on table scratch.reseed_tickets is
'The tickets as a plan''s files would leave them, by the files that were judged so far.';
comment on column scratch.reseed_tickets.run is
'Number of the plan.';
comment on column scratch.reseed_tickets.ticket_id is
'The source''s number of the ticket.';
comment on column scratch.reseed_tickets.raw_hash is
'MD5 of its content.';
comment on column scratch.reseed_tickets.generation is
'Generation of the version that would assert it.';
comment on column scratch.reseed_tickets.stamp is
'Stamp of that version.';
comment on column scratch.reseed_tickets.revision is
'Revision of that version.';

create unlogged table scratch.reseed_closures (
    run bigint not null,
    ticket_id text not null,
    closed_at timestamptz not null,
    constraint reseed_closures_pkey primary key (run, ticket_id, closed_at)
);

comment on table scratch.reseed_closures is
'Closures that a plan''s files show and the history lacks.';
comment on column scratch.reseed_closures.run is
'Number of the plan.';
comment on column scratch.reseed_closures.ticket_id is
'The source''s number of the ticket.';
comment on column scratch.reseed_closures.closed_at is
'When it was closed.';

create table scratch.reseed_before (
    generation integer not null,
    ticket_id text not null,
    raw_hash text not null,
    constraint reseed_before_pkey primary key (generation, ticket_id)
);

comment on table scratch.reseed_before is
'The tickets as they were when a reseed was opened, until its report is made.';
comment on column scratch.reseed_before.generation is
'Generation of the reseed.';
comment on column scratch.reseed_before.ticket_id is
'The source''s number of the ticket.';
comment on column scratch.reseed_before.raw_hash is
'MD5 of its content at that time.';

comment on schema scratch is
'Tables of a reseed''s plan, empty when none is being made, and a snapshot during a reseed.';

-- squawk-ignore renaming-object
alter function tickets.grant_roles() rename to grant_product_roles;

comment on function tickets.grant_product_roles() is
'The part of tickets.grant_roles() for the schemas tickets and reporting.';

create function scratch.grant_roles() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if to_regrole('fleettickets_plan') is not null then
        execute 'grant select, insert, update, delete on all tables in schema scratch '
            'to fleettickets_plan';
    end if;
    if to_regrole('fleettickets_ingest') is not null then
        execute 'grant usage on schema scratch to fleettickets_ingest';
        execute 'grant select, insert, update, delete on all tables in schema scratch '
            'to fleettickets_ingest';
    end if;
end
$$;

comment on function scratch.grant_roles() is
'The part of tickets.grant_roles() for the schema scratch.';

create function tickets.grant_roles() returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
    select tickets.grant_product_roles();
    select scratch.grant_roles();
$$;

comment on function tickets.grant_roles() is
'Gives the group roles that exist their rights; to be run again after a role was made.';

revoke execute on function tickets.grant_roles() from public;
revoke execute on function scratch.grant_roles() from public;

select tickets.grant_roles();
