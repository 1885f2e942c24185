-- Purpose: streams (generations), the ledger of settled files, rejects, attempts and manifests.
-- Why: the ledger, not the watermark, says what is still to do.
-- Locks: none that matter; everything here is new.
-- Undo: drop the five tables (the next ingest would then apply every file again).

create table tickets.import_streams (
    dataset text not null,
    generation integer not null,
    source text,
    mode text not null default 'live',
    lease_owner text,
    fencing_token bigint not null default 0,
    lease_expires_at timestamptz,
    plan_sha256 text,
    opened_at timestamptz not null default now(),
    closed_at timestamptz,
    settlements bigint not null default 0,
    pending integer,
    held integer,
    foreign_keys integer,
    pending_as_of timestamptz,
    refused_source text,
    constraint import_streams_pkey primary key (dataset, generation),
    constraint import_streams_generation_is_natural check (generation >= 0),
    constraint import_streams_mode_is_known check (mode in ('live', 'reseed'))
);

insert into tickets.import_streams (dataset, generation, mode)
values ('inc', 0, 'live')
on conflict do nothing;

create table tickets.import_files (
    dataset text not null,
    generation integer not null,
    stamp text collate "C" not null, -- noqa: LT01
    revision integer not null,
    object_key text not null,
    etag text,
    version_id text,
    sha256 text,
    size_bytes bigint,
    status text not null,
    late boolean not null default false,
    reason text,
    rows_read bigint,
    rows_dropped bigint,
    rows_rejected bigint,
    rows_duplicate bigint,
    rows_inserted bigint,
    rows_updated bigint,
    rows_unchanged bigint,
    rows_stale bigint,
    applied_at timestamptz not null default clock_timestamp(),
    duration_ms bigint,
    archived_at timestamptz,
    archive_key text,
    constraint import_files_pkey primary key (dataset, generation, stamp, revision),
    constraint import_files_stream_fkey foreign key (dataset, generation)
    references tickets.import_streams (dataset, generation),
    constraint import_files_revision_is_positive check (revision >= 1),
    constraint import_files_status_is_known
    check (status in ('applied', 'quarantined', 'skipped')),
    constraint import_files_applied_counts_add_up check (
        case
            when status = 'applied'
                then coalesce(
                    rows_read = rows_dropped + rows_rejected + rows_duplicate + rows_inserted
                    + rows_updated + rows_unchanged + rows_stale
                    and least(
                        rows_dropped, rows_rejected, rows_duplicate, rows_inserted,
                        rows_updated, rows_unchanged, rows_stale
                    ) >= 0,
                    false
                )
            else
                num_nonnulls(
                    rows_read, rows_dropped, rows_rejected, rows_duplicate, rows_inserted,
                    rows_updated, rows_unchanged, rows_stale
                ) = 0
        end
    ),
    constraint import_files_unapplied_has_reason check (status = 'applied' or reason is not null)
);

create index import_files_trouble_idx on tickets.import_files (applied_at)
where status = 'quarantined' or rows_rejected > 0;

create table tickets.import_rejects (
    dataset text not null,
    generation integer not null,
    stamp text collate "C" not null, -- noqa: LT01
    revision integer not null,
    line_number bigint not null,
    reason text not null,
    text text not null,
    constraint import_rejects_pkey
    primary key (dataset, generation, stamp, revision, line_number),
    constraint import_rejects_file_fkey foreign key (dataset, generation, stamp, revision)
    references tickets.import_files (dataset, generation, stamp, revision)
    on delete cascade deferrable initially deferred
);

create table tickets.import_attempts (
    attempt_id bigint generated always as identity,
    dataset text not null,
    generation integer not null,
    stamp text collate "C" not null, -- noqa: LT01
    etag text,
    worker text not null,
    backend_pid integer not null,
    backend_started_at timestamptz,
    postmaster_started_at timestamptz,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    outcome text,
    constraint import_attempts_pkey primary key (attempt_id),
    constraint import_attempts_worker_is_known check (worker in ('function', 'command line'))
);

create index import_attempts_content_idx
on tickets.import_attempts (dataset, stamp, etag, attempt_id desc);

create index import_attempts_open_idx on tickets.import_attempts (dataset)
where ended_at is null;

create table tickets.import_manifest (
    dataset text not null,
    generation integer not null,
    position integer not null,
    stamp text collate "C" not null, -- noqa: LT01
    object_key text not null,
    etag text not null,
    size_bytes bigint not null,
    settled_revision integer,
    settled_at timestamptz,
    constraint import_manifest_pkey primary key (dataset, generation, position),
    constraint import_manifest_stream_fkey foreign key (dataset, generation)
    references tickets.import_streams (dataset, generation),
    constraint import_manifest_position_is_positive check (position >= 1)
);

create index import_manifest_unsettled_idx
on tickets.import_manifest (dataset, generation, position)
where settled_revision is null;
