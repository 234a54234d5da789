-- Trino 476, Iceberg connector over Thrift. Statements are separated by empty lines; the answers come from a real metastore.

create table i_parquet_1 (id bigint, name varchar, at timestamp(6), price decimal(12,2)) with (format = 'PARQUET', format_version = 1, partitioning = array['bucket(id, 4)'])

insert into i_parquet_1 values (1, 'a', timestamp '2026-01-01 00:00:00', 1.10), (2, 'b', timestamp '2026-02-01 12:00:00.123456', 2.20), (3, null, null, null)

select id, name, cast(at as varchar), price from i_parquet_1 order by id

delete from i_parquet_1 where id = 2

select count(*), sum(price) from i_parquet_1

update i_parquet_1 set name = 'z' where id = 1

select id, name from i_parquet_1 order by id

select count(*) from "i_parquet_1$snapshots"

select count(*) > 0 from "i_parquet_1$files"

select added_data_files_count > 0 from "i_parquet_1$manifests" limit 1

drop table i_parquet_1

create table i_parquet_2 (id bigint, name varchar, at timestamp(6), price decimal(12,2)) with (format = 'PARQUET', format_version = 2, partitioning = array['bucket(id, 4)'])

insert into i_parquet_2 values (1, 'a', timestamp '2026-01-01 00:00:00', 1.10), (2, 'b', timestamp '2026-02-01 12:00:00.123456', 2.20), (3, null, null, null)

select id, name, cast(at as varchar), price from i_parquet_2 order by id

delete from i_parquet_2 where id = 2

select count(*), sum(price) from i_parquet_2

update i_parquet_2 set name = 'z' where id = 1

select id, name from i_parquet_2 order by id

select count(*) from "i_parquet_2$snapshots"

select count(*) > 0 from "i_parquet_2$files"

select added_data_files_count > 0 from "i_parquet_2$manifests" limit 1

drop table i_parquet_2

create table i_orc_1 (id bigint, name varchar, at timestamp(6), price decimal(12,2)) with (format = 'ORC', format_version = 1, partitioning = array['bucket(id, 4)'])

insert into i_orc_1 values (1, 'a', timestamp '2026-01-01 00:00:00', 1.10), (2, 'b', timestamp '2026-02-01 12:00:00.123456', 2.20), (3, null, null, null)

select id, name, cast(at as varchar), price from i_orc_1 order by id

delete from i_orc_1 where id = 2

select count(*), sum(price) from i_orc_1

update i_orc_1 set name = 'z' where id = 1

select id, name from i_orc_1 order by id

select count(*) from "i_orc_1$snapshots"

select count(*) > 0 from "i_orc_1$files"

select added_data_files_count > 0 from "i_orc_1$manifests" limit 1

drop table i_orc_1

create table i_orc_2 (id bigint, name varchar, at timestamp(6), price decimal(12,2)) with (format = 'ORC', format_version = 2, partitioning = array['bucket(id, 4)'])

insert into i_orc_2 values (1, 'a', timestamp '2026-01-01 00:00:00', 1.10), (2, 'b', timestamp '2026-02-01 12:00:00.123456', 2.20), (3, null, null, null)

select id, name, cast(at as varchar), price from i_orc_2 order by id

delete from i_orc_2 where id = 2

select count(*), sum(price) from i_orc_2

update i_orc_2 set name = 'z' where id = 1

select id, name from i_orc_2 order by id

select count(*) from "i_orc_2$snapshots"

select count(*) > 0 from "i_orc_2$files"

select added_data_files_count > 0 from "i_orc_2$manifests" limit 1

drop table i_orc_2

create table i_avro_1 (id bigint, name varchar, at timestamp(6), price decimal(12,2)) with (format = 'AVRO', format_version = 1, partitioning = array['bucket(id, 4)'])

insert into i_avro_1 values (1, 'a', timestamp '2026-01-01 00:00:00', 1.10), (2, 'b', timestamp '2026-02-01 12:00:00.123456', 2.20), (3, null, null, null)

select id, name, cast(at as varchar), price from i_avro_1 order by id

delete from i_avro_1 where id = 2

select count(*), sum(price) from i_avro_1

update i_avro_1 set name = 'z' where id = 1

select id, name from i_avro_1 order by id

select count(*) from "i_avro_1$snapshots"

select count(*) > 0 from "i_avro_1$files"

select added_data_files_count > 0 from "i_avro_1$manifests" limit 1

drop table i_avro_1

create table i_avro_2 (id bigint, name varchar, at timestamp(6), price decimal(12,2)) with (format = 'AVRO', format_version = 2, partitioning = array['bucket(id, 4)'])

insert into i_avro_2 values (1, 'a', timestamp '2026-01-01 00:00:00', 1.10), (2, 'b', timestamp '2026-02-01 12:00:00.123456', 2.20), (3, null, null, null)

select id, name, cast(at as varchar), price from i_avro_2 order by id

delete from i_avro_2 where id = 2

select count(*), sum(price) from i_avro_2

update i_avro_2 set name = 'z' where id = 1

select id, name from i_avro_2 order by id

select count(*) from "i_avro_2$snapshots"

select count(*) > 0 from "i_avro_2$files"

select added_data_files_count > 0 from "i_avro_2$manifests" limit 1

drop table i_avro_2

create table t_year_d (n bigint, s varchar, d date) with (partitioning = array['year(d)'])

insert into t_year_d values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_year_d where d >= date '2026-01-01'

select n from t_year_d where s = 'abd'

select n from t_year_d where n > 2 order by n

select record_count from "t_year_d$partitions" order by 1

delete from t_year_d where d < date '2026-01-01'

select n from t_year_d order by n

drop table t_year_d

create table t_month_d (n bigint, s varchar, d date) with (partitioning = array['month(d)'])

insert into t_month_d values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_month_d where d >= date '2026-01-01'

select n from t_month_d where s = 'abd'

select n from t_month_d where n > 2 order by n

select record_count from "t_month_d$partitions" order by 1

delete from t_month_d where d < date '2026-01-01'

select n from t_month_d order by n

drop table t_month_d

create table t_day_d (n bigint, s varchar, d date) with (partitioning = array['day(d)'])

insert into t_day_d values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_day_d where d >= date '2026-01-01'

select n from t_day_d where s = 'abd'

select n from t_day_d where n > 2 order by n

select record_count from "t_day_d$partitions" order by 1

delete from t_day_d where d < date '2026-01-01'

select n from t_day_d order by n

drop table t_day_d

create table t_truncate_s__2 (n bigint, s varchar, d date) with (partitioning = array['truncate(s, 2)'])

insert into t_truncate_s__2 values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_truncate_s__2 where d >= date '2026-01-01'

select n from t_truncate_s__2 where s = 'abd'

select n from t_truncate_s__2 where n > 2 order by n

select record_count from "t_truncate_s__2$partitions" order by 1

delete from t_truncate_s__2 where d < date '2026-01-01'

select n from t_truncate_s__2 order by n

drop table t_truncate_s__2

create table t_bucket_n__8 (n bigint, s varchar, d date) with (partitioning = array['bucket(n, 8)'])

insert into t_bucket_n__8 values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_bucket_n__8 where d >= date '2026-01-01'

select n from t_bucket_n__8 where s = 'abd'

select n from t_bucket_n__8 where n > 2 order by n

select record_count from "t_bucket_n__8$partitions" order by 1

delete from t_bucket_n__8 where d < date '2026-01-01'

select n from t_bucket_n__8 order by n

drop table t_bucket_n__8

create table t_s (n bigint, s varchar, d date) with (partitioning = array['s'])

insert into t_s values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_s where d >= date '2026-01-01'

select n from t_s where s = 'abd'

select n from t_s where n > 2 order by n

select record_count from "t_s$partitions" order by 1

delete from t_s where d < date '2026-01-01'

select n from t_s order by n

drop table t_s

create table t_n (n bigint, s varchar, d date) with (partitioning = array['n'])

insert into t_n values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_n where d >= date '2026-01-01'

select n from t_n where s = 'abd'

select n from t_n where n > 2 order by n

select record_count from "t_n$partitions" order by 1

delete from t_n where d < date '2026-01-01'

select n from t_n order by n

drop table t_n

create table ev (id integer not null, name varchar, r row(a integer, b varchar)) with (format_version = 2)

insert into ev values (1, 'x', row(1, 'y'))

alter table ev add column added bigint

alter table ev add column r.c double

alter table ev rename column name to title

alter table ev alter column id set data type bigint

alter table ev alter column added set data type varchar

alter table ev drop column r.b

alter table ev rename column r.a to aa

select id, title, r.aa, r.c, added from ev

describe ev

insert into ev (id, title) values (2, 't')

insert into ev (title) values ('no id')

alter table ev alter column id drop not null

insert into ev (title) values ('no id')

select count(*) from ev where id is null

alter table ev drop column id

alter table ev set properties partitioning = array['title']

insert into ev (title) values ('part')

show create table ev

alter table ev set properties format_version = 2, format = 'ORC'

alter table ev set properties partitioning = array[]

comment on table ev is 'evolved'

comment on column ev.title is 'the title'

show create table ev

alter table ev rename to ev2

select count(*) from ev2

drop table ev2

create table tt (v integer)

insert into tt values 1

insert into tt values 2

insert into tt values 3

select count(*) from tt for version as of ${select snapshot_id from "tt$snapshots" order by committed_at limit 1}

select count(*) from tt for version as of ${select snapshot_id from "tt$snapshots" order by committed_at offset 1 limit 1}

select operation from "tt$snapshots" order by committed_at

select count(*) from "tt$history"

select count(*) from tt for timestamp as of timestamp '${select cast(committed_at as varchar) from "tt$snapshots" order by committed_at offset 2 limit 1}'

select count(*) from tt for timestamp as of timestamp '2001-01-01 00:00:00 UTC'

alter table tt execute optimize

select count(*) from "tt$files"

alter table tt execute expire_snapshots(retention_threshold => '7d')

alter table tt execute remove_orphan_files(retention_threshold => '7d')

alter table tt execute optimize_manifests

select sum(v) from tt

call system.rollback_to_snapshot(current_schema, 'tt', 1)

call system.rollback_to_snapshot(current_schema, 'tt', ${select snapshot_id from "tt$snapshots" order by committed_at limit 1})

select count(*) from tt

select name, type from "tt$refs"

select key from "tt$properties" where key in ('format', 'write.format.default') order by 1

drop table tt

create table mt (id integer, v varchar)

insert into mt values (1, 'a'), (2, 'b'), (3, 'c')

merge into mt using (values (1, 'A'), (4, 'D')) as s(id, v) on mt.id = s.id when matched then update set v = s.v when not matched then insert values (s.id, s.v)

select * from mt order by id

merge into mt using (values 2, 3) as s(id) on mt.id = s.id when matched and s.id = 2 then delete when matched then update set v = 'merged'

select * from mt order by id

merge into mt using (values (1, 'x'), (1, 'y')) as s(id, v) on mt.id = s.id when matched then update set v = s.v

update mt set v = upper(v) || '!' where id >= 3

delete from mt where v like '%!'

select * from mt order by id

truncate table mt

select count(*) from mt

select operation from "mt$snapshots" order by committed_at

drop table mt

create table st as select * from tpch.tiny.nation

analyze st

show stats for st

analyze st with (columns = array['name'])

alter table st execute drop_extended_stats

show stats for st

show stats for (select * from st where regionkey = 1)

create or replace table st as select 1 as only_one, 'x' as other

select * from st

create or replace table st (a integer)

select count(*) from st

select operation from "st$snapshots" order by committed_at

create table st as select 1 a

create table if not exists st (b integer)

drop table st

drop table st

drop table if exists st

create table kinds (a boolean, b integer, c bigint, d real, e double, f decimal(38,18), g varchar, h varbinary, i date, j time(6), k timestamp(6), l timestamp(6) with time zone, m uuid, n array(integer), o map(varchar, integer), p row(x integer))

insert into kinds values (true, 1, 2, real '3.5', 4.5, 1.000000000000000001, 'g', x'ff', date '2026-01-01', time '01:02:03.456', timestamp '2026-01-01 00:00:00.000001', timestamp '2026-01-01 00:00:00 UTC', uuid '12151fd2-7586-11e9-8f9e-2a86e4085a59', array[1, null], map(array['k'], array[1]), row(1))

select a, b, c, d, e, cast(f as varchar), g, to_hex(h), cast(i as varchar), cast(j as varchar), cast(k as varchar), cast(l as varchar), cast(m as varchar), n, o['k'], p.x from kinds

describe kinds

show stats for kinds

drop table kinds

create view iv as select 1 as a, 'x' as b

select * from iv

create or replace view iv as select 2 as a

select * from iv

alter view iv rename to iv2

show create view iv2

comment on view iv2 is 'c'

drop view iv2

create table base (a integer)

insert into base values 1, 2

create materialized view mv comment 'mat' as select sum(a) s from base

select * from mv

refresh materialized view mv

select * from mv

insert into base values 10

select * from mv

refresh materialized view mv

select * from mv

show create materialized view mv

select freshness from system.metadata.materialized_views where schema_name = current_schema and catalog_name = current_catalog

alter materialized view mv rename to mv2

select * from mv2

create or replace materialized view mv2 as select count(*) c from base

refresh materialized view mv2

select * from mv2

show tables

drop materialized view mv2

drop table base

show tables

create table rg (a integer)

insert into rg values 1

call system.unregister_table(current_schema, 'rg')

select * from rg

show tables

create table sorted (a integer, b varchar) with (sorted_by = array['b desc'], partitioning = array['a'])

insert into sorted values (1, 'x'), (1, 'z')

show create table sorted

drop table sorted

select table_name, table_type from information_schema.tables where table_schema = current_schema order by 1

create table bad (a unknown_thing)

create table bad with (partitioning = array['nope']) as select 1 a

create table bad with (format = 'CSV') as select 1 a

select * from "nope$snapshots"

insert into nope values 1

alter table nope execute optimize
