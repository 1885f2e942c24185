-- Purpose: the indexes of tickets.inc that earn their write cost.
-- Why: nearest-ticket searches ask for open tickets only, so the index on all of geog goes: the
--      partial one is a tenth of its size and five times faster. An index on unbounded text would
--      make a long cell fail the whole file (SQLSTATE 54000), so an older system's goes too.
-- Locks: share on tickets.inc while the indexes are built, access exclusive for the drops.
-- Undo: create index inc_geog_idx on tickets.inc using gist (geog); drop the four of this file.
--       What else was dropped is printed with the statement that would bring it back.

do $$
declare
    v_index record;
begin
    for v_index in
        select key.indexrelid::regclass as name, pg_get_indexdef(key.indexrelid) as definition
        from pg_index as key
        inner join pg_class as index on key.indexrelid = index.oid
        inner join pg_am as method on index.relam = method.oid
        where
            key.indrelid = 'tickets.inc'::regclass and not key.indisunique
            and (
                (
                    method.amname = 'gist' and key.indpred is null
                    and pg_get_indexdef(key.indexrelid, 1, true) = 'geog'
                )
                or (
                    method.amname = 'btree'
                    and exists (
                        select from pg_attribute as member
                        where
                            member.attrelid = key.indexrelid
                            and member.atttypid in ('text'::regtype, 'varchar'::regtype)
                            and pg_get_indexdef(key.indexrelid, member.attnum, true)
                            not in ('ticket_id', 'geo_source')
                    )
                )
            )
    loop
        if v_index.name <> 'tickets.inc_geog_idx'::text::regclass then
            raise notice 'dropped index %; to bring it back: %', v_index.name, v_index.definition;
        end if;
        execute format('drop index %s', v_index.name);
    end loop;
end
$$;

create index inc_open_geog_idx on tickets.inc using gist (geog) where is_actionable;
create index inc_open_geo_source_idx on tickets.inc (geo_source) where is_actionable;
create index inc_closed_at_idx on tickets.inc (closed_at) where closed_at is not null;
create index inc_source_updated_at_idx on tickets.inc (source_updated_at desc nulls last);
