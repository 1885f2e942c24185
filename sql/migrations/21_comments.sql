-- Purpose: say what every object is, with units and the meaning of null.
-- Why: in one file, because the objects of 01-10 may have been made by an older system, without.
-- Locks: share update exclusive on each relation, for a moment.
-- Undo: nothing to undo.

comment on schema tickets is
'Tickets, their history, the gazetteer, and the ledger of what was ingested.';
comment on schema reporting is
'Functions for consumers; each returns one JSON payload.';

comment on table tickets.inc is
'INC tickets (customer faults), one row each, as last asserted by the feed. Never deleted.';
comment on column tickets.inc.ticket_id is
'The source''s number of the ticket, at most 200 bytes.';
comment on column tickets.inc.raw is
'All cells of the row that last asserted the ticket, cleaned, as text; empty cells are left '
'out.';
comment on column tickets.inc.geom is
'Resolved point, WGS 84 longitude and latitude in degrees; null if nothing places the ticket.';
comment on column tickets.inc.geo_source is
'What placed the ticket: feed, location, cluster, or none.';
comment on column tickets.inc.ingested_at is
'When raw last changed.';
comment on column tickets.inc.normalized_status is
'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';
comment on column tickets.inc.raw_status is
'State as the source shows it, in upper case; null if not given.';
comment on column tickets.inc.bucket is
'Work queue of the source; null if not given.';
comment on column tickets.inc.is_actionable is
'Whether the ticket is open; null if the feed''s text is no boolean.';
comment on column tickets.inc.cluster is
'Area that a team serves; null if not given.';
comment on column tickets.inc.region is
'Region above the cluster, in lower case; null if not given.';
comment on column tickets.inc.location_name is
'Place as the source names it, network codes included; null if not given.';
comment on column tickets.inc.assigned_team is
'Team that has the ticket; null if not given.';
comment on column tickets.inc.owner is
'Person who has the ticket; null if not given.';
comment on column tickets.inc.sla_status is
'The source''s own verdict; it means something for closed tickets only. Null if not given.';
comment on column tickets.inc.mttr is
'Time to repair in whole minutes, from the source''s decimal hours; not closed minus created. '
'Null if not given or no number.';
comment on column tickets.inc.created_at_service is
'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not '
'given or no time.';
comment on column tickets.inc.scheduled_at is
'When work is planned; null if not given or no time.';
comment on column tickets.inc.closed_at is
'When the ticket was last closed; null if never, not given or no time.';
comment on column tickets.inc.first_seen_at is
'When the exporter first saw the ticket; stands in for created_at_service. Null if not given '
'or no time.';
comment on column tickets.inc.last_seen_at is
'When the exporter last saw the ticket; null if not given or no time.';
comment on column tickets.inc.source_created_at is
'When the source''s record was made; null if not given or no time.';
comment on column tickets.inc.source_updated_at is
'When the source''s record last changed; about two days older than its file. Null if not given '
'or no time.';
comment on column tickets.inc.latitude is
'Degrees north: the feed''s if its pair is a coordinate, else the resolved point''s; null '
'without either.';
comment on column tickets.inc.longitude is
'Degrees east: the feed''s if its pair is a coordinate, else the resolved point''s; null '
'without either.';
comment on column tickets.inc.geog is
'The resolved point as geography, for distances in metres; null if nothing places the ticket.';

comment on table tickets.crq is
'CRQ tickets (requests for new installations); the same shape as inc, not ingested.';
comment on column tickets.crq.ticket_id is
'The source''s number of the ticket, at most 200 bytes.';
comment on column tickets.crq.raw is
'All cells of the row that last asserted the ticket, cleaned, as text; empty cells are left '
'out.';
comment on column tickets.crq.geom is
'Resolved point, WGS 84 longitude and latitude in degrees; null if nothing places the ticket.';
comment on column tickets.crq.geo_source is
'What placed the ticket: feed, location, cluster, or none.';
comment on column tickets.crq.ingested_at is
'When raw last changed.';

comment on table tickets.geo_clusters is
'Gazetteer: one coarse point for each cluster.';
comment on column tickets.geo_clusters.cluster is
'The cluster as in raw.';
comment on column tickets.geo_clusters.geom is
'The point, WGS 84 longitude and latitude in degrees; null while it is not known.';
comment on column tickets.geo_clusters.source is
'Who found the point: a provider or a person; null if not recorded.';
comment on column tickets.geo_clusters.verified is
'Whether a person confirmed the point; no machine changes it then.';
comment on column tickets.geo_clusters.updated_at is
'When the row last changed.';

comment on table tickets.geo_locations is
'Gazetteer: a precise point for a location name in a cluster.';
comment on column tickets.geo_locations.location_name is
'The location name as in raw.';
comment on column tickets.geo_locations.cluster is
'The cluster as in raw; empty for any cluster.';
comment on column tickets.geo_locations.geom is
'The point, WGS 84 longitude and latitude in degrees; null while it is not known.';
comment on column tickets.geo_locations.source is
'Who found the point: a provider or a person; null if not recorded.';
comment on column tickets.geo_locations.verified is
'Whether a person confirmed the point; no machine changes it then.';
comment on column tickets.geo_locations.updated_at is
'When the row last changed.';

comment on table tickets.import_meta is
'What is known about each dataset''s import, for reports.';
comment on column tickets.import_meta.dataset is
'The dataset: inc.';
comment on column tickets.import_meta.metadata is
'source_max_key: the watermark, key of the greatest stamp applied in the current generation; '
'last_capture_at: when history was last captured.';

comment on table tickets.import_streams is
'Generations: the streams that were read, the current one having the greatest number.';
comment on column tickets.import_streams.dataset is
'The dataset: inc.';
comment on column tickets.import_streams.generation is
'Number of the stream that asserts current state; a reseed opens the next one.';
comment on column tickets.import_streams.source is
'Bucket and prefix, or directory, that the stream is read from; null until the first ingest '
'from a bucket.';
comment on column tickets.import_streams.mode is
'live, or reseed while the files of its manifest are being applied.';
comment on column tickets.import_streams.lease_owner is
'Who runs the reseed; null if nobody does.';
comment on column tickets.import_streams.fencing_token is
'Raised with each lease; a worker with a lower token must not write.';
comment on column tickets.import_streams.lease_expires_at is
'When the lease ends by the database''s clock; null without a lease.';
comment on column tickets.import_streams.plan_sha256 is
'SHA-256 of the plan that was applied, in hexadecimal; null without a plan.';
comment on column tickets.import_streams.opened_at is
'When the generation was opened.';
comment on column tickets.import_streams.closed_at is
'When its reseed was finished and it went live; null for generation 0 and while it runs.';
comment on column tickets.import_streams.settlements is
'How often something was settled in it, so that a session notices what others did.';
comment on column tickets.import_streams.pending is
'Change files that the last listing left unsettled; null before the first listing.';
comment on column tickets.import_streams.held is
'Keys that the last listing held back for their stamp; null before the first listing.';
comment on column tickets.import_streams.foreign_keys is
'Objects of the last listing that are no change files; null before the first listing.';
comment on column tickets.import_streams.pending_as_of is
'When the listing was reported; null before the first one.';
comment on column tickets.import_streams.refused_source is
'The configured source if it differs from this one, so that a reseed is needed; null if they '
'agree.';

comment on table tickets.import_files is
'The ledger: one row for each settled content. What it lacks is still to do.';
comment on column tickets.import_files.dataset is
'The dataset: inc.';
comment on column tickets.import_files.generation is
'Number of the stream that asserts current state; a reseed opens the next one.';
comment on column tickets.import_files.stamp is
'EAT time in the file''s name, which orders the stream bytewise.';
comment on column tickets.import_files.revision is
'1, 2, … for each different content settled under one stamp.';
comment on column tickets.import_files.object_key is
'Key of the object that was settled.';
comment on column tickets.import_files.etag is
'The object''s etag, without quotes; null if it was never seen.';
comment on column tickets.import_files.version_id is
'The object''s version; null in a bucket without versions.';
comment on column tickets.import_files.sha256 is
'SHA-256 of the content in hexadecimal; null if it was not read to its end.';
comment on column tickets.import_files.size_bytes is
'Size of the content in bytes; null if it was never seen.';
comment on column tickets.import_files.status is
'applied, quarantined (bad file) or skipped (by a person, or gone).';
comment on column tickets.import_files.late is
'Whether its (generation, stamp) was below the watermark.';
comment on column tickets.import_files.reason is
'Why it was quarantined or skipped; null if applied.';
comment on column tickets.import_files.rows_read is
'Rows of the file, header excluded; the sum of the other seven counts; null unless applied.';
comment on column tickets.import_files.rows_dropped is
'Rows left out by the cleaning rules: alarms and the sentinel; null unless applied.';
comment on column tickets.import_files.rows_rejected is
'Rows that could not be read; the first 1,000 are in import_rejects; null unless applied.';
comment on column tickets.import_files.rows_duplicate is
'Rows that a later line of the same ticket replaced; null unless applied.';
comment on column tickets.import_files.rows_inserted is
'Rows of tickets that were new; null unless applied.';
comment on column tickets.import_files.rows_updated is
'Rows that changed a ticket; null unless applied.';
comment on column tickets.import_files.rows_unchanged is
'Rows equal to their ticket; its version was raised; null unless applied.';
comment on column tickets.import_files.rows_stale is
'Rows of tickets that a newer version had asserted; null unless applied.';
comment on column tickets.import_files.applied_at is
'When the content was settled.';
comment on column tickets.import_files.duration_ms is
'How long settling took, in milliseconds; null if not measured.';
comment on column tickets.import_files.archived_at is
'When the object was moved away; null while it was not.';
comment on column tickets.import_files.archive_key is
'Where the content lies now; null while it was not moved.';

comment on table tickets.import_rejects is
'Rows that could not be read, with the reason; at most 1,000 a file.';
comment on column tickets.import_rejects.dataset is
'The dataset: inc.';
comment on column tickets.import_rejects.generation is
'Number of the stream that asserts current state; a reseed opens the next one.';
comment on column tickets.import_rejects.stamp is
'EAT time in the file''s name, which orders the stream bytewise.';
comment on column tickets.import_rejects.revision is
'1, 2, … for each different content settled under one stamp.';
comment on column tickets.import_rejects.line_number is
'Physical line where the row starts; the header is line 1.';
comment on column tickets.import_rejects.reason is
'Why the row was rejected.';
comment on column tickets.import_rejects.text is
'The row as it came, cut at 2 KiB.';

comment on table tickets.import_attempts is
'Work that was begun, committed before it starts, so that deaths can be counted.';
comment on column tickets.import_attempts.attempt_id is
'Number of the attempt; later ones are greater.';
comment on column tickets.import_attempts.dataset is
'The dataset: inc.';
comment on column tickets.import_attempts.generation is
'Number of the stream that asserts current state; a reseed opens the next one.';
comment on column tickets.import_attempts.stamp is
'EAT time in the file''s name, which orders the stream bytewise.';
comment on column tickets.import_attempts.etag is
'Etag of the content; null if unknown.';
comment on column tickets.import_attempts.worker is
'function or command line.';
comment on column tickets.import_attempts.backend_pid is
'Process of the database session that began it.';
comment on column tickets.import_attempts.backend_started_at is
'When that session began, which tells it from another with the same process number; null if '
'unknown.';
comment on column tickets.import_attempts.postmaster_started_at is
'When the database server was started, to tell a restart from a death; null if unknown.';
comment on column tickets.import_attempts.started_at is
'When the attempt began.';
comment on column tickets.import_attempts.ended_at is
'When it ended; null if it runs or died.';
comment on column tickets.import_attempts.outcome is
'How it ended; null if it runs or died.';

comment on table tickets.import_manifest is
'The files of a reseed, in the order in which they are applied.';
comment on column tickets.import_manifest.dataset is
'The dataset: inc.';
comment on column tickets.import_manifest.generation is
'Number of the stream that asserts current state; a reseed opens the next one.';
comment on column tickets.import_manifest.position is
'Order of application, from 1.';
comment on column tickets.import_manifest.stamp is
'EAT time in the file''s name, which orders the stream bytewise.';
comment on column tickets.import_manifest.object_key is
'Key of the object.';
comment on column tickets.import_manifest.etag is
'Its etag when the generation was opened.';
comment on column tickets.import_manifest.size_bytes is
'Its size in bytes.';
comment on column tickets.import_manifest.settled_revision is
'Revision under which it was settled; null while it is pending.';
comment on column tickets.import_manifest.settled_at is
'When it was settled; null while it is pending.';

comment on table tickets.inc_versions is
'Which version (generation, stamp, revision) last asserted each ticket. A ticket without a '
'row is older than any file.';
comment on column tickets.inc_versions.ticket_id is
'The ticket.';
comment on column tickets.inc_versions.generation is
'Number of the stream that asserts current state; a reseed opens the next one.';
comment on column tickets.inc_versions.stamp is
'EAT time in the file''s name, which orders the stream bytewise. Empty if not known (adopted).';
comment on column tickets.inc_versions.revision is
'1, 2, … for each different content settled under one stamp. 0 if adopted.';

comment on table tickets.closure_events is
'Every closure that any row showed, for good; the attributes are those of the smallest '
'version that showed it.';
comment on column tickets.closure_events.ticket_id is
'The ticket.';
comment on column tickets.closure_events.closed_at is
'When it was closed.';
comment on column tickets.closure_events.cluster is
'Area that a team serves; null if not given.';
comment on column tickets.closure_events.region is
'Region above the cluster, in lower case; null if not given.';
comment on column tickets.closure_events.location_name is
'Place as the source names it, network codes included; null if not given.';
comment on column tickets.closure_events.assigned_team is
'Team that has the ticket; null if not given.';
comment on column tickets.closure_events.owner is
'Person who has the ticket; null if not given.';
comment on column tickets.closure_events.raw_status is
'State as the source shows it, in upper case; null if not given.';
comment on column tickets.closure_events.normalized_status is
'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';
comment on column tickets.closure_events.sla_status is
'The source''s own verdict; it means something for closed tickets only. Null if not given.';
comment on column tickets.closure_events.mttr is
'Time to repair in whole minutes, from the source''s decimal hours; not closed minus created. '
'Null if not given or no number.';
comment on column tickets.closure_events.created_at_service is
'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not '
'given or no time.';
comment on column tickets.closure_events.first_seen_at is
'When the exporter first saw the ticket; stands in for created_at_service. Null if not given '
'or no time.';
comment on column tickets.closure_events.generation is
'Version that gave the attributes: its generation; 0 if adopted.';
comment on column tickets.closure_events.stamp is
'Version that gave the attributes: its stamp; empty if adopted.';
comment on column tickets.closure_events.revision is
'Version that gave the attributes: its revision; 0 if adopted.';
comment on column tickets.closure_events.recorded_at is
'When the closure was first recorded; null if adopted without it.';

comment on table tickets.inc_daily_snapshot is
'One row for each EAT day, written through the day and never after it, unless it was missing.';
comment on column tickets.inc_daily_snapshot.snapshot_date is
'The EAT day.';
comment on column tickets.inc_daily_snapshot.open_total is
'Open tickets when it was captured; reconstructed if captured after the day.';
comment on column tickets.inc_daily_snapshot.open_breached is
'Those of them whose SLA was breached.';
comment on column tickets.inc_daily_snapshot.created_today is
'Tickets created on the day: created_at_service, else first_seen_at.';
comment on column tickets.inc_daily_snapshot.closed_today is
'Closures on the day, of reopened tickets too.';
comment on column tickets.inc_daily_snapshot.per_cluster is
'Object: cluster (unknown if not given) to open, breached, created, closed.';
comment on column tickets.inc_daily_snapshot.per_team is
'Object: team (unknown if not given) to open, breached, created, closed.';
comment on column tickets.inc_daily_snapshot.captured_at is
'When the numbers were last found different; after the day''s end if reconstructed.';

comment on table tickets.schema_migrations is
'Ledger of the migrations; each row was written in its migration''s own transaction.';
comment on column tickets.schema_migrations.filename is
'Name of the file.';
comment on column tickets.schema_migrations.sha256 is
'SHA-256 of its bytes in hexadecimal; null if an older system applied it.';
comment on column tickets.schema_migrations.applied_at is
'When it was applied; null if an older system did not say.';

comment on view tickets.inc_open_sla is
'Open tickets with the state of their SLA now.';
comment on column tickets.inc_open_sla.ticket_id is
'The ticket.';
comment on column tickets.inc_open_sla.normalized_status is
'State of the ticket in the source''s normal form (new, open, closed, …); null if not given.';
comment on column tickets.inc_open_sla.raw_status is
'State as the source shows it, in upper case; null if not given.';
comment on column tickets.inc_open_sla.cluster is
'Area that a team serves; null if not given.';
comment on column tickets.inc_open_sla.region is
'Region above the cluster, in lower case; null if not given.';
comment on column tickets.inc_open_sla.location_name is
'Place as the source names it, network codes included; null if not given.';
comment on column tickets.inc_open_sla.assigned_team is
'Team that has the ticket; null if not given.';
comment on column tickets.inc_open_sla.owner is
'Person who has the ticket; null if not given.';
comment on column tickets.inc_open_sla.created_at_service is
'When the customer''s trouble was reported; missing on about 30 % of the rows. Null if not '
'given or no time.';
comment on column tickets.inc_open_sla.first_seen_at is
'When the exporter first saw the ticket; stands in for created_at_service. Null if not given '
'or no time.';
comment on column tickets.inc_open_sla.latitude is
'Degrees north: the feed''s if its pair is a coordinate, else the resolved point''s; null '
'without either.';
comment on column tickets.inc_open_sla.longitude is
'Degrees east: the feed''s if its pair is a coordinate, else the resolved point''s; null '
'without either.';
comment on column tickets.inc_open_sla.geog is
'The resolved point as geography, for distances in metres; null if nothing places the ticket.';
comment on column tickets.inc_open_sla.hours_open is
'Hours since the clock started, cut to two decimals, 0 if it starts in the future; null '
'without a clock.';
comment on column tickets.inc_open_sla.sla_state is
'within, at_risk (from 36 hours), breached (from 48 hours), unknown without a clock.';
comment on column tickets.inc_open_sla.sla_clock_source is
'What started the clock: created_at_service, else first_seen_at; null if neither is known.';
comment on column tickets.inc_open_sla.geo_source is
'What placed the ticket: feed, location, cluster, or none.';

comment on function tickets.eat_ts(text) is
'Reads the feed''s times: YYYY-MM-DD, optionally with HH:MM[:SS[.f]] and Z or an offset; '
'without one it is EAT. Null for any other text, never an error.';
comment on function tickets.to_boolean(text) is
'Reads true, t, yes, y, 1 and their opposites in any case; null for any other text.';
comment on function tickets.to_minutes(text) is
'Rounds decimal hours to minutes; null for what is no number or no integer then.';
comment on function tickets.to_degrees(text) is
'Reads a decimal number; null for any other text, infinity and NaN too.';
comment on function tickets.valid_point(double precision, double precision) is
'Makes the point of a longitude and a latitude in degrees; null if they are out of range, NaN '
'or both 0. The one rule of what a coordinate is.';
comment on function tickets.feed_point(jsonb) is
'The point that a ticket''s raw gives itself; null if it is no coordinate.';
comment on function tickets.resolve_point(jsonb) is
'The one rule that places a ticket: its own pair, else its location in its cluster, else in '
'any cluster, else its cluster.';
comment on function tickets.resolve_geom() is
'Trigger: places a ticket that is written without being placed.';
comment on function tickets.lock_dataset(text) is
'Takes the dataset''s lock until the transaction ends; every writer does so first.';
comment on function tickets.lock_for_gazetteer() is
'Trigger: takes the dataset''s lock before the gazetteer is written.';
comment on function tickets.follow_clusters() is
'Trigger: moves the tickets of the clusters that a statement wrote, in one statement.';
comment on function tickets.follow_locations() is
'Trigger: moves the tickets of the locations that a statement wrote, in one statement.';
comment on function tickets.follow_truncation() is
'Trigger: places all tickets anew after a gazetteer table was emptied.';
comment on function tickets.reconcile_geometry() is
'Places all tickets anew by the gazetteer as it is; returns how many moved.';
comment on function tickets.sla_clock(timestamptz, timestamptz, timestamptz) is
'The rules of the SLA clock, for created_at_service, first_seen_at and the time to judge at: '
'36 hours at risk, 48 hours breached.';
comment on function tickets.key_stamp(text) is
'The last stamp in a key or file name; null if there is none.';
comment on function tickets.eat_window(text, date, date, timestamptz) is
'The EAT days, both inclusive, and instants [from_at, to_at) of a named window, seen from a '
'time; custom takes its two dates. Errors with a hint otherwise.';
comment on function tickets.to_feature(double precision, double precision, jsonb) is
'A GeoJSON feature of a point and its properties.';
comment on function tickets.freshness() is
'How fresh and complete the tickets are, for every payload; reads the ledger with its owner''s '
'rights.';
comment on function tickets.capture_history(timestamptz) is
'Records the closures that history lacks and the snapshot of the time''s EAT day; says what it '
'did. To be run again at will; silent during a reseed.';
comment on function reporting.fn_tickets_for_map(boolean, text, text) is
'GeoJSON of the tickets that have a point, and a summary of all: counts, how many have no '
'point, freshness. Arguments: open only, cluster, normalized_status.';
comment on function reporting.fn_inc_dashboard(text, text, text, date, date) is
'The live INC map: open tickets, tickets closed in the window, metrics, freshness. Arguments: '
'cluster, normalized_status, window, and for window custom its first and last EAT day.';

comment on trigger inc_resolve_geom_insert on tickets.inc is
'Places a ticket that is inserted without being placed.';
comment on trigger inc_resolve_geom_update on tickets.inc is
'Places a ticket anew when raw is written and its place is not.';
comment on trigger crq_resolve_geom on tickets.crq is
'Places a ticket when it is written.';
comment on trigger geo_clusters_lock on tickets.geo_clusters is
'Waits for the dataset''s lock, and takes it.';
comment on trigger geo_clusters_added on tickets.geo_clusters is
'Moves the tickets that the new rows place.';
comment on trigger geo_clusters_moved on tickets.geo_clusters is
'Moves the tickets that the changed rows place or placed.';
comment on trigger geo_clusters_removed on tickets.geo_clusters is
'Moves the tickets that the deleted rows placed.';
comment on trigger geo_clusters_emptied on tickets.geo_clusters is
'Places all tickets anew.';
comment on trigger geo_locations_lock on tickets.geo_locations is
'Waits for the dataset''s lock, and takes it.';
comment on trigger geo_locations_added on tickets.geo_locations is
'Moves the tickets that the new rows place.';
comment on trigger geo_locations_moved on tickets.geo_locations is
'Moves the tickets that the changed rows place or placed.';
comment on trigger geo_locations_removed on tickets.geo_locations is
'Moves the tickets that the deleted rows placed.';
comment on trigger geo_locations_emptied on tickets.geo_locations is
'Places all tickets anew.';

comment on index tickets.inc_open_geog_idx is
'Nearest open tickets.';
comment on index tickets.inc_open_geo_source_idx is
'Open tickets, and how they were placed.';
comment on index tickets.inc_closed_at_idx is
'Tickets closed in a window.';
comment on index tickets.inc_source_updated_at_idx is
'How recent the content is.';
comment on index tickets.closure_events_closed_at_idx is
'Closures of a day.';
comment on index tickets.import_files_trouble_idx is
'Recent quarantines and rejects.';
comment on index tickets.import_attempts_content_idx is
'Attempts on one content, latest first.';
comment on index tickets.import_attempts_open_idx is
'Attempts without an end.';
comment on index tickets.import_manifest_unsettled_idx is
'What a reseed has still to apply.';
