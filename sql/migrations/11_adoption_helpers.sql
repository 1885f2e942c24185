-- Purpose: the tools by which the files up to 23 turn what they find into what is designed.
-- Why: 01-10 may have been run by an older system, whose objects differ a little. On a database
--      that our own 01-10 made, these tools find nothing to do. File 23 drops them again.
-- Locks: none that matter; everything here is new.
-- Undo: drop table tickets.adopted_grants; drop the functions of this file.

do $$
begin
    if current_setting('server_version_num')::integer < 150000 then
        raise exception 'PostgreSQL 15 or newer is needed, this is %', version();
    elsif to_regtype('public.geometry') is null then
        raise exception 'PostGIS is needed in the schema public'
            using hint = 'create extension postgis with schema public;';
    end if;
end
$$;

create table tickets.adopted_grants (
    schema_name name not null,
    object_name name not null,
    is_routine boolean not null,
    grantee oid not null,
    privilege text not null,
    is_grantable boolean not null
);

comment on table tickets.adopted_grants is
'Grants of objects that are being replaced; exists only between two migrations.';

-- Drops a view or every overload of a function, and remembers who may use it. The owner's own
-- rights need no memory. A name that does not exist is no error.
create function tickets.drop_keeping_grants(p_schema name, p_name name) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_object record;
begin
    for v_object in
        select
            routine.oid::regprocedure::text as identity, true as is_routine,
            coalesce(routine.proacl, acldefault('f', routine.proowner)) as acl,
            routine.proowner as owner
        from pg_proc as routine
        where routine.pronamespace = p_schema::text::regnamespace and routine.proname = p_name
        union all
        select
            format('%I.%I', p_schema, view.relname), false,
            coalesce(view.relacl, acldefault('r', view.relowner)), view.relowner
        from pg_class as view
        where
            view.relnamespace = p_schema::text::regnamespace and view.relname = p_name
            and view.relkind = 'v'
    loop
        insert into tickets.adopted_grants
        select p_schema, p_name, v_object.is_routine, acl.grantee, acl.privilege_type,
            bool_or(acl.is_grantable)
        from aclexplode(v_object.acl) as acl
        where acl.grantee <> v_object.owner
        group by acl.grantee, acl.privilege_type;
        execute format(
            'drop %s %s', case when v_object.is_routine then 'function' else 'view' end,
            v_object.identity
        );
    end loop;
end
$$;

-- Gives what was remembered to the objects that now bear the name; PUBLIC gets nothing else.
create function tickets.restore_grants() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_grant record;
begin
    for v_grant in
        select
            case when routine.oid is null then 'table ' else 'function ' end
            || coalesce(
                routine.oid::regprocedure::text,
                format('%I.%I', former.schema_name, former.object_name)
            ) as object,
            string_agg(distinct former.privilege, ', ') as privileges,
            case former.grantee
                when 0 then 'public' else former.grantee::regrole::text
            end as grantee,
            former.is_grantable
        from tickets.adopted_grants as former
        left join pg_proc as routine
            on
                former.is_routine
                and routine.pronamespace = former.schema_name::text::regnamespace
                and routine.proname = former.object_name
        group by 1, 3, 4
    loop
        execute format(
            'grant %s on %s to %s%s', v_grant.privileges, v_grant.object, v_grant.grantee,
            case when v_grant.is_grantable then ' with grant option' else '' end
        );
    end loop;
    delete from tickets.adopted_grants;
end
$$;

-- Makes p_table have the columns of p_model: missing ones are added, generated ones whose
-- expression or type differ are made anew (all of them if p_recompute), defaults are set.
-- Columns that the model does not know stay, but no longer demand a value.
create function tickets.conform_table(
    p_table regclass, p_model regclass, p_recompute boolean default false
) returns void
language plpgsql
as $$
declare
    v_column record;
    v_changes text [] := '{}';
    v_additions text [] := '{}';
    v_remade name [] := '{}';
    v_index text;
begin
    for v_column in
        select
            wanted.attname as name,
            format_type(wanted.atttypid, wanted.atttypmod) as type,
            format_type(found.atttypid, found.atttypmod) as found_type,
            wanted.attgenerated = 's' as is_generated,
            found.attgenerated = 's' as found_generated,
            wanted.attnotnull as is_mandatory,
            found.attnotnull as found_mandatory,
            wanted.attcollation <> 'pg_catalog.default'::regcollation
            and wanted.attcollation <> 0 as is_bytewise,
            pg_get_expr(wanted_value.adbin, wanted_value.adrelid) as expression,
            pg_get_expr(found_value.adbin, found_value.adrelid) as found_expression
        from pg_attribute as wanted
        left join pg_attrdef as wanted_value
            on wanted.attrelid = wanted_value.adrelid and wanted.attnum = wanted_value.adnum
        left join pg_attribute as found
            on
                found.attrelid = p_table and wanted.attname = found.attname
                and found.attnum > 0 and not found.attisdropped
        left join pg_attrdef as found_value
            on found.attrelid = found_value.adrelid and found.attnum = found_value.adnum
        where wanted.attrelid = p_model and wanted.attnum > 0 and not wanted.attisdropped
        order by wanted.attnum
    loop
        if v_column.found_type is not null and (
            v_column.is_generated <> v_column.found_generated
            or (
                not v_column.is_generated and v_column.type <> v_column.found_type
                and not (
                    array[v_column.type, v_column.found_type]
                    <@ array['smallint', 'integer', 'bigint']
                )
            )
        ) then
            raise exception using
                errcode = 'datatype_mismatch',
                message = format(
                    'column %I of %s is %s%s, but %s%s is needed',
                    v_column.name, p_table, v_column.found_type,
                    case when v_column.found_generated then ' (generated)' else '' end,
                    v_column.type,
                    case when v_column.is_generated then ' (generated from raw)' else '' end
                ),
                hint = 'Rename or convert the column, then migrate again.';
        end if;
        if v_column.found_type is null or (
            v_column.is_generated and (
                p_recompute
                or v_column.type <> v_column.found_type
                or v_column.expression <> v_column.found_expression
            )
        ) then
            if v_column.found_type is not null then
                v_changes := v_changes || format('drop column %I', v_column.name);
                v_remade := v_remade || v_column.name::name;
            end if;
            v_additions := v_additions || format(
                'add column %I %s%s %s %s',
                v_column.name,
                v_column.type,
                case when v_column.is_bytewise then ' collate "C"' else '' end,
                case
                    when v_column.is_generated
                        then format('generated always as (%s) stored', v_column.expression)
                    when v_column.expression is not null
                        then format('default %s', v_column.expression)
                end,
                case when v_column.is_mandatory then 'not null' end
            );
        elsif not v_column.is_generated
            and v_column.expression is not null and v_column.found_expression is null
        then
            v_changes := v_changes || format(
                'alter column %I set default %s', v_column.name, v_column.expression
            );
        end if;
        if v_column.found_mandatory and not v_column.is_mandatory and not v_column.is_generated
        then
            v_changes := v_changes || format('alter column %I drop not null', v_column.name);
        end if;
    end loop;
    for v_column in
        select extra.attname as name
        from pg_attribute as extra
        where
            extra.attrelid = p_table and extra.attnum > 0 and not extra.attisdropped
            and extra.attnotnull and not extra.atthasdef and extra.attidentity = ''
            and not exists (
                select from pg_attribute as wanted
                where wanted.attrelid = p_model and wanted.attname = extra.attname
            )
            and not exists (
                select from pg_index as key
                where
                    key.indrelid = p_table and key.indisprimary
                    and extra.attnum = any (key.indkey)
            )
    loop
        raise notice 'column % of % may be null from now on: nothing here fills it',
            v_column.name, p_table;
        v_changes := v_changes || format('alter column %I drop not null', v_column.name);
    end loop;
    for v_index in
        select distinct pg_get_indexdef(key.indexrelid)
        from pg_index as key
        inner join pg_attribute as member
            on key.indrelid = member.attrelid and member.attnum = any (key.indkey)
        where key.indrelid = p_table and member.attname = any (v_remade)
    loop
        raise notice 'dropped an index with its column; to bring it back: %', v_index;
    end loop;
    if v_changes <> '{}' then
        execute format('alter table %s %s', p_table, array_to_string(v_changes, ', '));
    end if;
    if v_additions <> '{}' then
        execute format('alter table %s %s', p_table, array_to_string(v_additions, ', '));
    end if;
end
$$;

-- Makes sure that some unique index covers exactly these columns, which upserts rely on.
create function tickets.conform_key(p_table regclass, p_columns name[], p_name name) returns void
language plpgsql
as $$
begin
    if not exists (
        select from pg_index as key
        where
            key.indrelid = p_table and key.indisunique and key.indpred is null
            and key.indexprs is null and key.indisvalid
            and (
                select array_agg(member.attname order by member.attname)
                from pg_attribute as member
                where
                    member.attrelid = p_table
                    and member.attnum = any (key.indkey[0:key.indnkeyatts - 1])
            ) = (select array_agg(wanted order by wanted) from unnest(p_columns) as wanted)
    ) then
        execute format(
            'alter table %s add constraint %I unique (%s)', p_table, p_name,
            (select string_agg(quote_ident(wanted), ', ') from unnest(p_columns) as wanted)
        );
    end if;
end
$$;

revoke execute on function tickets.drop_keeping_grants(name, name) from public;
revoke execute on function tickets.restore_grants() from public;
revoke execute on function tickets.conform_table(regclass, regclass, boolean) from public;
revoke execute on function tickets.conform_key(regclass, name[], name) from public;
