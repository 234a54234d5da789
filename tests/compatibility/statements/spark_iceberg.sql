-- Spark 4.1 with Iceberg's HiveCatalog over Thrift (catalog ice). Statements are separated by empty lines; the answers come from a real metastore.

create table i1 (id bigint, name string, at timestamp, price decimal(12,2)) using iceberg partitioned by (bucket(4, id)) tblproperties ('format-version' = '1')

insert into i1 values (1, 'a', timestamp '2026-01-01 00:00:00', 1.10), (2, 'b', timestamp '2026-02-01 12:00:00.123456', 2.20), (3, null, null, null)

select id, name, at, price from i1 order by id

delete from i1 where id = 2

update i1 set name = 'z' where id = 1

select id, name from i1 order by id

merge into i1 using (select 3 as id, 'm' as name union all select 9, 'n') s on i1.id = s.id when matched then update set name = s.name when not matched then insert (id, name) values (s.id, s.name)

select id, name from i1 order by id

select operation from ice.current_schema_name.i1.snapshots order by committed_at

insert overwrite i1 select 5, 'five', null, null

select count(*) from i1

drop table i1

create table i2 (id bigint, name string, at timestamp, price decimal(12,2)) using iceberg partitioned by (bucket(4, id)) tblproperties ('format-version' = '2')

insert into i2 values (1, 'a', timestamp '2026-01-01 00:00:00', 1.10), (2, 'b', timestamp '2026-02-01 12:00:00.123456', 2.20), (3, null, null, null)

select id, name, at, price from i2 order by id

delete from i2 where id = 2

update i2 set name = 'z' where id = 1

select id, name from i2 order by id

merge into i2 using (select 3 as id, 'm' as name union all select 9, 'n') s on i2.id = s.id when matched then update set name = s.name when not matched then insert (id, name) values (s.id, s.name)

select id, name from i2 order by id

select operation from ice.current_schema_name.i2.snapshots order by committed_at

insert overwrite i2 select 5, 'five', null, null

select count(*) from i2

drop table i2

create table t_years_d (n bigint, s string, d date) using iceberg partitioned by (years(d))

insert into t_years_d values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_years_d where d >= date '2026-01-01'

select n from t_years_d where s = 'abd'

delete from t_years_d where d < date '2026-01-01'

select n from t_years_d order by n

drop table t_years_d

create table t_months_d (n bigint, s string, d date) using iceberg partitioned by (months(d))

insert into t_months_d values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_months_d where d >= date '2026-01-01'

select n from t_months_d where s = 'abd'

delete from t_months_d where d < date '2026-01-01'

select n from t_months_d order by n

drop table t_months_d

create table t_days_d (n bigint, s string, d date) using iceberg partitioned by (days(d))

insert into t_days_d values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_days_d where d >= date '2026-01-01'

select n from t_days_d where s = 'abd'

delete from t_days_d where d < date '2026-01-01'

select n from t_days_d order by n

drop table t_days_d

create table t_truncate_2__s (n bigint, s string, d date) using iceberg partitioned by (truncate(2, s))

insert into t_truncate_2__s values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_truncate_2__s where d >= date '2026-01-01'

select n from t_truncate_2__s where s = 'abd'

delete from t_truncate_2__s where d < date '2026-01-01'

select n from t_truncate_2__s order by n

drop table t_truncate_2__s

create table t_bucket_8__n (n bigint, s string, d date) using iceberg partitioned by (bucket(8, n))

insert into t_bucket_8__n values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_bucket_8__n where d >= date '2026-01-01'

select n from t_bucket_8__n where s = 'abd'

delete from t_bucket_8__n where d < date '2026-01-01'

select n from t_bucket_8__n order by n

drop table t_bucket_8__n

create table t_s (n bigint, s string, d date) using iceberg partitioned by (s)

insert into t_s values (1, 'abc', date '2026-01-05'), (2, 'abd', date '2026-01-06'), (3, 'xyz', date '2025-07-01'), (4, null, null)

select count(*) from t_s where d >= date '2026-01-01'

select n from t_s where s = 'abd'

delete from t_s where d < date '2026-01-01'

select n from t_s order by n

drop table t_s

create table ev (id int not null, name string, r struct<a: int, b: string>) using iceberg

insert into ev values (1, 'x', named_struct('a', 1, 'b', 'y'))

alter table ev add column added bigint after id

alter table ev add column r.c double

alter table ev rename column name to title

alter table ev alter column id type bigint

alter table ev drop column r.b

alter table ev alter column title first

select title, id, added, r.a, r.c from ev

describe ev

alter table ev alter column id drop not null

alter table ev add partition field truncate(1, title)

insert into ev (title) values ('part')

alter table ev drop partition field truncate(1, title)

alter table ev write ordered by title

alter table ev set tblproperties ('comment' = 'hello', 'a' = 'b')

show tblproperties ev ('a')

alter table ev unset tblproperties ('a')

alter table ev set identifier fields nope

alter table ev create branch b1

insert into ice.current_schema_name.ev.branch_b1 (title) values ('on branch')

select count(*) from ev version as of 'b1'

select count(*) from ev

alter table ev create tag t1

alter table ev drop branch b1

alter table ev rename to ev2

select count(*) from ev2

drop table ev2 purge

select * from ev2

create table pr (v int) using iceberg

insert into pr values (1)

insert into pr values (2)

insert into pr values (3)

call ice.system.rewrite_data_files(table => 'current_schema_name.pr', options => map('min-input-files', '2'))

call ice.system.rewrite_manifests('current_schema_name.pr')

call ice.system.expire_snapshots(table => 'current_schema_name.pr', retain_last => 1, older_than => timestamp '2000-01-01 00:00:00')

call ice.system.remove_orphan_files(table => 'current_schema_name.pr', dry_run => true)

select operation from ice.current_schema_name.pr.snapshots order by committed_at

call ice.system.rollback_to_snapshot('current_schema_name.pr', 1)

call ice.system.ancestors_of('current_schema_name.nope')

select sum(v) from pr

call ice.system.set_current_snapshot(table => 'current_schema_name.pr', ref => 'main')

call ice.system.fast_forward('current_schema_name.pr', 'main', 'main')

drop table pr

create table ct using iceberg as select id, id % 3 as g from range(10)

replace table ct using iceberg as select 1 as only

create or replace table ct (a int, b string) using iceberg

select count(*) from ct

truncate table ct

show tables

create table ct (x int) using iceberg

create table if not exists ct (x int) using iceberg

drop table ct

drop table ct

drop table if exists ct

create table bad using iceberg partitioned by (nope) as select 1 a

insert into nope values (1)

create table kinds (a boolean, b int, c bigint, d float, e double, f decimal(38,18), g string, h binary, i date, k timestamp, l timestamp_ntz, n array<int>, o map<string, int>, p struct<x: int>) using iceberg

insert into kinds values (true, 1, 2, 3.5, 4.5, 1.000000000000000001, 'g', x'ff', date '2026-01-01', timestamp '2026-01-01 00:00:00.000001', timestamp_ntz '2026-01-01 00:00:00', array(1, null), map('k', 1), named_struct('x', 1))

select a, b, c, d, e, f, g, hex(h), i, k, l, n, o['k'], p.x from kinds

describe kinds

drop table kinds

create view iv as select 1 as a

select * from iv

drop view iv
