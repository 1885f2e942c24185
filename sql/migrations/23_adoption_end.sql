-- Purpose: let those who may read or write a table use what its columns, triggers and functions
--          need by now; report what PUBLIC may still do; drop the tools of 11.
-- Why: an older system's callers go on working, and its owner should know how to end that.
-- Locks: none that matter.
-- Undo: nothing to undo; the tools can be created again from 11.

-- squawk-ignore-file ban-drop-function, ban-drop-table

do $$
declare
    v_cells constant text := 'execute on function tickets.eat_ts(text), '
        'tickets.to_boolean(text), tickets.to_minutes(text), tickets.to_degrees(text), '
        'tickets.valid_point(double precision, double precision), tickets.feed_point(jsonb), '
        'tickets.resolve_point(jsonb)';
    v_point constant text := 'execute on function '
        'tickets.valid_point(double precision, double precision)';
    v_gazetteer constant text := 'select on tickets.geo_clusters, tickets.geo_locations';
    v_clock constant text := 'tickets.sla_clock(timestamptz, timestamptz, timestamptz)';
    v_need record;
begin
    for v_need in
        select distinct
            needed.rights,
            case acl.grantee when 0 then 'public' else acl.grantee::regrole::text end as holder
        from (
            values
            ('tickets.inc', 'INSERT', v_cells),
            ('tickets.inc', 'INSERT', v_gazetteer),
            ('tickets.inc', 'UPDATE', v_cells),
            ('tickets.inc', 'UPDATE', v_gazetteer),
            ('tickets.crq', 'INSERT', v_cells),
            ('tickets.crq', 'INSERT', v_gazetteer),
            ('tickets.crq', 'UPDATE', v_cells),
            ('tickets.crq', 'UPDATE', v_gazetteer),
            ('tickets.geo_clusters', 'INSERT', v_point),
            ('tickets.geo_clusters', 'UPDATE', v_point),
            ('tickets.geo_locations', 'INSERT', v_point),
            ('tickets.geo_locations', 'UPDATE', v_point),
            (
                'tickets.inc', 'SELECT', 'execute on function ' || v_clock
                || ', tickets.eat_window(text, date, date, timestamptz), '
                'tickets.to_feature(double precision, double precision, jsonb), '
                'tickets.freshness()'
            ),
            ('tickets.inc_open_sla', 'SELECT', 'execute on function ' || v_clock),
            (
                'tickets.closure_events', 'INSERT',
                'execute on function tickets.lock_dataset(text), ' || v_clock
            ),
            (
                'tickets.closure_events', 'INSERT',
                'select on tickets.inc_versions, tickets.import_streams'
            ),
            (
                'tickets.closure_events', 'INSERT',
                'select, insert, update on tickets.import_meta'
            )
        ) as needed (relation, privilege, rights)
        inner join pg_class as relation on needed.relation::regclass = relation.oid
        cross join lateral aclexplode(relation.relacl) as acl
        where needed.privilege = acl.privilege_type and acl.grantee <> relation.relowner
    loop
        execute format('grant %s to %s', v_need.rights, v_need.holder);
    end loop;
end
$$;

do $$
declare
    v_public record;
begin
    for v_public in
        select
            format(
                'revoke %s on %s from public;', lower(string_agg(acl.privilege_type, ', ')),
                object.identity
            ) as command
        from (
            select
                'function ' || routine.oid::regprocedure::text as identity,
                coalesce(routine.proacl, acldefault('f', routine.proowner)) as acl
            from pg_proc as routine
            where
                routine.pronamespace in (
                    'tickets'::regnamespace, 'reporting'::regnamespace
                )
            union all
            select 'table ' || relation.oid::regclass::text, relation.relacl
            from pg_class as relation
            where
                relation.relnamespace in (
                    'tickets'::regnamespace, 'reporting'::regnamespace
                )
                and relation.relkind in ('r', 'p', 'v', 'm')
            union all
            select 'schema ' || schema.oid::regnamespace::text, schema.nspacl
            from pg_namespace as schema
            where schema.nspname in ('tickets', 'reporting')
        ) as object
        cross join lateral aclexplode(object.acl) as acl
        where acl.grantee = 0
        group by object.identity
        order by object.identity
    loop
        raise notice 'PUBLIC keeps a right; to end it: %', v_public.command;
    end loop;
end
$$;

drop function tickets.conform_key(regclass, name[], name);
drop function tickets.conform_table(regclass, regclass, boolean);
drop function tickets.restore_grants();
drop function tickets.drop_keeping_grants(name, name);
drop table tickets.adopted_grants;
