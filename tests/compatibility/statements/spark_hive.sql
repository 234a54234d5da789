-- Spark 4.1, Hive catalog over Thrift. Statements are separated by empty lines; the answers come from a real metastore.

create table f_using_parquet (a bigint, b string, c double, d boolean) using parquet

insert into f_using_parquet values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_using_parquet order by a

insert overwrite table f_using_parquet select a + 10, b, c, d from f_using_parquet where false

select count(*) from f_using_parquet

insert into f_using_parquet (a, b) values (9, 'nine')

select a, b, c from f_using_parquet order by a

analyze table f_using_parquet compute statistics

analyze table f_using_parquet compute statistics for columns a, b

desc extended f_using_parquet a

drop table f_using_parquet

create table f_using_orc (a bigint, b string, c double, d boolean) using orc

insert into f_using_orc values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_using_orc order by a

insert overwrite table f_using_orc select a + 10, b, c, d from f_using_orc where false

select count(*) from f_using_orc

insert into f_using_orc (a, b) values (9, 'nine')

select a, b, c from f_using_orc order by a

analyze table f_using_orc compute statistics

analyze table f_using_orc compute statistics for columns a, b

desc extended f_using_orc a

drop table f_using_orc

create table f_using_json (a bigint, b string, c double, d boolean) using json

insert into f_using_json values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_using_json order by a

insert overwrite table f_using_json select a + 10, b, c, d from f_using_json where false

select count(*) from f_using_json

insert into f_using_json (a, b) values (9, 'nine')

select a, b, c from f_using_json order by a

analyze table f_using_json compute statistics

analyze table f_using_json compute statistics for columns a, b

desc extended f_using_json a

drop table f_using_json

create table f_using_csv (a bigint, b string, c double, d boolean) using csv options (header 'true')

insert into f_using_csv values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_using_csv order by a

insert overwrite table f_using_csv select a + 10, b, c, d from f_using_csv where false

select count(*) from f_using_csv

insert into f_using_csv (a, b) values (9, 'nine')

select a, b, c from f_using_csv order by a

analyze table f_using_csv compute statistics

analyze table f_using_csv compute statistics for columns a, b

desc extended f_using_csv a

drop table f_using_csv

create table f_stored_as_parquet (a bigint, b string, c double, d boolean) stored as parquet

insert into f_stored_as_parquet values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_stored_as_parquet order by a

insert overwrite table f_stored_as_parquet select a + 10, b, c, d from f_stored_as_parquet where false

select count(*) from f_stored_as_parquet

insert into f_stored_as_parquet (a, b) values (9, 'nine')

select a, b, c from f_stored_as_parquet order by a

analyze table f_stored_as_parquet compute statistics

analyze table f_stored_as_parquet compute statistics for columns a, b

desc extended f_stored_as_parquet a

drop table f_stored_as_parquet

create table f_stored_as_orc (a bigint, b string, c double, d boolean) stored as orc

insert into f_stored_as_orc values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_stored_as_orc order by a

insert overwrite table f_stored_as_orc select a + 10, b, c, d from f_stored_as_orc where false

select count(*) from f_stored_as_orc

insert into f_stored_as_orc (a, b) values (9, 'nine')

select a, b, c from f_stored_as_orc order by a

analyze table f_stored_as_orc compute statistics

analyze table f_stored_as_orc compute statistics for columns a, b

desc extended f_stored_as_orc a

drop table f_stored_as_orc

create table f_stored_as_textfile (a bigint, b string, c double, d boolean) stored as textfile

insert into f_stored_as_textfile values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_stored_as_textfile order by a

insert overwrite table f_stored_as_textfile select a + 10, b, c, d from f_stored_as_textfile where false

select count(*) from f_stored_as_textfile

insert into f_stored_as_textfile (a, b) values (9, 'nine')

select a, b, c from f_stored_as_textfile order by a

analyze table f_stored_as_textfile compute statistics

analyze table f_stored_as_textfile compute statistics for columns a, b

desc extended f_stored_as_textfile a

drop table f_stored_as_textfile

create table f_stored_as_avro (a bigint, b string, c double, d boolean) stored as avro

insert into f_stored_as_avro values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_stored_as_avro order by a

insert overwrite table f_stored_as_avro select a + 10, b, c, d from f_stored_as_avro where false

select count(*) from f_stored_as_avro

insert into f_stored_as_avro (a, b) values (9, 'nine')

select a, b, c from f_stored_as_avro order by a

analyze table f_stored_as_avro compute statistics

analyze table f_stored_as_avro compute statistics for columns a, b

desc extended f_stored_as_avro a

drop table f_stored_as_avro

create table f_stored_as_sequencefile (a bigint, b string, c double, d boolean) stored as sequencefile

insert into f_stored_as_sequencefile values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_stored_as_sequencefile order by a

insert overwrite table f_stored_as_sequencefile select a + 10, b, c, d from f_stored_as_sequencefile where false

select count(*) from f_stored_as_sequencefile

insert into f_stored_as_sequencefile (a, b) values (9, 'nine')

select a, b, c from f_stored_as_sequencefile order by a

analyze table f_stored_as_sequencefile compute statistics

analyze table f_stored_as_sequencefile compute statistics for columns a, b

desc extended f_stored_as_sequencefile a

drop table f_stored_as_sequencefile

create table f_stored_as_rcfile (a bigint, b string, c double, d boolean) stored as rcfile

insert into f_stored_as_rcfile values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_stored_as_rcfile order by a

insert overwrite table f_stored_as_rcfile select a + 10, b, c, d from f_stored_as_rcfile where false

select count(*) from f_stored_as_rcfile

insert into f_stored_as_rcfile (a, b) values (9, 'nine')

select a, b, c from f_stored_as_rcfile order by a

analyze table f_stored_as_rcfile compute statistics

analyze table f_stored_as_rcfile compute statistics for columns a, b

desc extended f_stored_as_rcfile a

drop table f_stored_as_rcfile

create table f_delimited_stored_as_textfile (a bigint, b string, c double, d boolean) row format delimited fields terminated by '|' stored as textfile

insert into f_delimited_stored_as_textfile values (1, 'one', 1.5, true), (2, null, null, false), (3, 'three', -2.25, null)

select a, b, c, d from f_delimited_stored_as_textfile order by a

insert overwrite table f_delimited_stored_as_textfile select a + 10, b, c, d from f_delimited_stored_as_textfile where false

select count(*) from f_delimited_stored_as_textfile

insert into f_delimited_stored_as_textfile (a, b) values (9, 'nine')

select a, b, c from f_delimited_stored_as_textfile order by a

analyze table f_delimited_stored_as_textfile compute statistics

analyze table f_delimited_stored_as_textfile compute statistics for columns a, b

desc extended f_delimited_stored_as_textfile a

drop table f_delimited_stored_as_textfile

create table p_using_parquet (v int, region string, day date) using parquet partitioned by (region, day)

insert into p_using_parquet partition (region = 'eu', day = '2026-01-01') values (1), (2)

insert into p_using_parquet partition (region = 'us', day) values (3, date '2026-01-02'), (4, date '2026-01-03')

insert into p_using_parquet values (5, 'a/b c%=', date '2026-02-01'), (6, 'ü', date '2026-02-01'), (7, null, date '2026-02-02')

select v, region, day from p_using_parquet order by v

show partitions p_using_parquet

show partitions p_using_parquet partition (region = 'us')

select v from p_using_parquet where region = 'eu' order by v

select v from p_using_parquet where day > date '2026-01-02' order by v

select v from p_using_parquet where region like 'a%'

select v from p_using_parquet where region in ('eu', 'us') and day <= date '2026-01-02' order by v

select v from p_using_parquet where region is null

select v from p_using_parquet where region <> 'eu' order by v

select v from p_using_parquet where region = 'a/b c%='

select v from p_using_parquet where not region = 'us' order by v

select v from p_using_parquet where month(day) = 2 order by v

alter table p_using_parquet add partition (region = 'x', day = '2026-03-01') partition (region = 'y', day = '2026-03-02')

alter table p_using_parquet add partition (region = 'x', day = '2026-03-01')

alter table p_using_parquet add if not exists partition (region = 'x', day = '2026-03-01')

alter table p_using_parquet partition (region = 'x', day = '2026-03-01') rename to partition (region = 'z', day = '2026-03-01')

alter table p_using_parquet drop partition (region = 'y', day = '2026-03-02')

alter table p_using_parquet drop partition (region = 'nope', day = '2026-03-02')

alter table p_using_parquet drop if exists partition (region = 'nope', day = '2026-03-02')

alter table p_using_parquet drop partition (region = 'us')

show partitions p_using_parquet

insert overwrite table p_using_parquet partition (region = 'eu', day = '2026-01-01') values (100)

insert overwrite table p_using_parquet partition (region, day) select 200, 'eu', date '2026-01-05'

select v, region, day from p_using_parquet order by v

truncate table p_using_parquet partition (region = 'eu', day = '2026-01-01')

select count(*) from p_using_parquet where region = 'eu'

analyze table p_using_parquet partition (region, day) compute statistics

analyze table p_using_parquet compute statistics for all columns

desc extended p_using_parquet v

msck repair table p_using_parquet

alter table p_using_parquet recover partitions

show partitions p_using_parquet

alter table p_using_parquet add columns (extra string comment 'added')

select v, extra from p_using_parquet order by v limit 2

describe p_using_parquet

describe p_using_parquet partition (region = 'z', day = '2026-03-01')

alter table p_using_parquet rename to p_using_parquet_2

select count(*) from p_using_parquet_2

show tables like 'p_using_parquet*'

drop table p_using_parquet_2

create table p_stored_as_parquet (v int) partitioned by (region string, day date) stored as parquet

insert into p_stored_as_parquet partition (region = 'eu', day = '2026-01-01') values (1), (2)

insert into p_stored_as_parquet partition (region = 'us', day) values (3, date '2026-01-02'), (4, date '2026-01-03')

insert into p_stored_as_parquet values (5, 'a/b c%=', date '2026-02-01'), (6, 'ü', date '2026-02-01'), (7, null, date '2026-02-02')

select v, region, day from p_stored_as_parquet order by v

show partitions p_stored_as_parquet

show partitions p_stored_as_parquet partition (region = 'us')

select v from p_stored_as_parquet where region = 'eu' order by v

select v from p_stored_as_parquet where day > date '2026-01-02' order by v

select v from p_stored_as_parquet where region like 'a%'

select v from p_stored_as_parquet where region in ('eu', 'us') and day <= date '2026-01-02' order by v

select v from p_stored_as_parquet where region is null

select v from p_stored_as_parquet where region <> 'eu' order by v

select v from p_stored_as_parquet where region = 'a/b c%='

select v from p_stored_as_parquet where not region = 'us' order by v

select v from p_stored_as_parquet where month(day) = 2 order by v

alter table p_stored_as_parquet add partition (region = 'x', day = '2026-03-01') partition (region = 'y', day = '2026-03-02')

alter table p_stored_as_parquet add partition (region = 'x', day = '2026-03-01')

alter table p_stored_as_parquet add if not exists partition (region = 'x', day = '2026-03-01')

alter table p_stored_as_parquet partition (region = 'x', day = '2026-03-01') rename to partition (region = 'z', day = '2026-03-01')

alter table p_stored_as_parquet drop partition (region = 'y', day = '2026-03-02')

alter table p_stored_as_parquet drop partition (region = 'nope', day = '2026-03-02')

alter table p_stored_as_parquet drop if exists partition (region = 'nope', day = '2026-03-02')

alter table p_stored_as_parquet drop partition (region = 'us')

show partitions p_stored_as_parquet

insert overwrite table p_stored_as_parquet partition (region = 'eu', day = '2026-01-01') values (100)

insert overwrite table p_stored_as_parquet partition (region, day) select 200, 'eu', date '2026-01-05'

select v, region, day from p_stored_as_parquet order by v

truncate table p_stored_as_parquet partition (region = 'eu', day = '2026-01-01')

select count(*) from p_stored_as_parquet where region = 'eu'

analyze table p_stored_as_parquet partition (region, day) compute statistics

analyze table p_stored_as_parquet compute statistics for all columns

desc extended p_stored_as_parquet v

msck repair table p_stored_as_parquet

alter table p_stored_as_parquet recover partitions

show partitions p_stored_as_parquet

alter table p_stored_as_parquet add columns (extra string comment 'added')

select v, extra from p_stored_as_parquet order by v limit 2

describe p_stored_as_parquet

describe p_stored_as_parquet partition (region = 'z', day = '2026-03-01')

alter table p_stored_as_parquet rename to p_stored_as_parquet_2

select count(*) from p_stored_as_parquet_2

show tables like 'p_stored_as_parquet*'

drop table p_stored_as_parquet_2

create table p_stored_as_orc (v int) partitioned by (region string, day date) stored as orc

insert into p_stored_as_orc partition (region = 'eu', day = '2026-01-01') values (1), (2)

insert into p_stored_as_orc partition (region = 'us', day) values (3, date '2026-01-02'), (4, date '2026-01-03')

insert into p_stored_as_orc values (5, 'a/b c%=', date '2026-02-01'), (6, 'ü', date '2026-02-01'), (7, null, date '2026-02-02')

select v, region, day from p_stored_as_orc order by v

show partitions p_stored_as_orc

show partitions p_stored_as_orc partition (region = 'us')

select v from p_stored_as_orc where region = 'eu' order by v

select v from p_stored_as_orc where day > date '2026-01-02' order by v

select v from p_stored_as_orc where region like 'a%'

select v from p_stored_as_orc where region in ('eu', 'us') and day <= date '2026-01-02' order by v

select v from p_stored_as_orc where region is null

select v from p_stored_as_orc where region <> 'eu' order by v

select v from p_stored_as_orc where region = 'a/b c%='

select v from p_stored_as_orc where not region = 'us' order by v

select v from p_stored_as_orc where month(day) = 2 order by v

alter table p_stored_as_orc add partition (region = 'x', day = '2026-03-01') partition (region = 'y', day = '2026-03-02')

alter table p_stored_as_orc add partition (region = 'x', day = '2026-03-01')

alter table p_stored_as_orc add if not exists partition (region = 'x', day = '2026-03-01')

alter table p_stored_as_orc partition (region = 'x', day = '2026-03-01') rename to partition (region = 'z', day = '2026-03-01')

alter table p_stored_as_orc drop partition (region = 'y', day = '2026-03-02')

alter table p_stored_as_orc drop partition (region = 'nope', day = '2026-03-02')

alter table p_stored_as_orc drop if exists partition (region = 'nope', day = '2026-03-02')

alter table p_stored_as_orc drop partition (region = 'us')

show partitions p_stored_as_orc

insert overwrite table p_stored_as_orc partition (region = 'eu', day = '2026-01-01') values (100)

insert overwrite table p_stored_as_orc partition (region, day) select 200, 'eu', date '2026-01-05'

select v, region, day from p_stored_as_orc order by v

truncate table p_stored_as_orc partition (region = 'eu', day = '2026-01-01')

select count(*) from p_stored_as_orc where region = 'eu'

analyze table p_stored_as_orc partition (region, day) compute statistics

analyze table p_stored_as_orc compute statistics for all columns

desc extended p_stored_as_orc v

msck repair table p_stored_as_orc

alter table p_stored_as_orc recover partitions

show partitions p_stored_as_orc

alter table p_stored_as_orc add columns (extra string comment 'added')

select v, extra from p_stored_as_orc order by v limit 2

describe p_stored_as_orc

describe p_stored_as_orc partition (region = 'z', day = '2026-03-01')

alter table p_stored_as_orc rename to p_stored_as_orc_2

select count(*) from p_stored_as_orc_2

show tables like 'p_stored_as_orc*'

drop table p_stored_as_orc_2

create table p_stored_as_textfile (v int) partitioned by (region string, day date) stored as textfile

insert into p_stored_as_textfile partition (region = 'eu', day = '2026-01-01') values (1), (2)

insert into p_stored_as_textfile partition (region = 'us', day) values (3, date '2026-01-02'), (4, date '2026-01-03')

insert into p_stored_as_textfile values (5, 'a/b c%=', date '2026-02-01'), (6, 'ü', date '2026-02-01'), (7, null, date '2026-02-02')

select v, region, day from p_stored_as_textfile order by v

show partitions p_stored_as_textfile

show partitions p_stored_as_textfile partition (region = 'us')

select v from p_stored_as_textfile where region = 'eu' order by v

select v from p_stored_as_textfile where day > date '2026-01-02' order by v

select v from p_stored_as_textfile where region like 'a%'

select v from p_stored_as_textfile where region in ('eu', 'us') and day <= date '2026-01-02' order by v

select v from p_stored_as_textfile where region is null

select v from p_stored_as_textfile where region <> 'eu' order by v

select v from p_stored_as_textfile where region = 'a/b c%='

select v from p_stored_as_textfile where not region = 'us' order by v

select v from p_stored_as_textfile where month(day) = 2 order by v

alter table p_stored_as_textfile add partition (region = 'x', day = '2026-03-01') partition (region = 'y', day = '2026-03-02')

alter table p_stored_as_textfile add partition (region = 'x', day = '2026-03-01')

alter table p_stored_as_textfile add if not exists partition (region = 'x', day = '2026-03-01')

alter table p_stored_as_textfile partition (region = 'x', day = '2026-03-01') rename to partition (region = 'z', day = '2026-03-01')

alter table p_stored_as_textfile drop partition (region = 'y', day = '2026-03-02')

alter table p_stored_as_textfile drop partition (region = 'nope', day = '2026-03-02')

alter table p_stored_as_textfile drop if exists partition (region = 'nope', day = '2026-03-02')

alter table p_stored_as_textfile drop partition (region = 'us')

show partitions p_stored_as_textfile

insert overwrite table p_stored_as_textfile partition (region = 'eu', day = '2026-01-01') values (100)

insert overwrite table p_stored_as_textfile partition (region, day) select 200, 'eu', date '2026-01-05'

select v, region, day from p_stored_as_textfile order by v

truncate table p_stored_as_textfile partition (region = 'eu', day = '2026-01-01')

select count(*) from p_stored_as_textfile where region = 'eu'

analyze table p_stored_as_textfile partition (region, day) compute statistics

analyze table p_stored_as_textfile compute statistics for all columns

desc extended p_stored_as_textfile v

msck repair table p_stored_as_textfile

alter table p_stored_as_textfile recover partitions

show partitions p_stored_as_textfile

alter table p_stored_as_textfile add columns (extra string comment 'added')

select v, extra from p_stored_as_textfile order by v limit 2

describe p_stored_as_textfile

describe p_stored_as_textfile partition (region = 'z', day = '2026-03-01')

alter table p_stored_as_textfile rename to p_stored_as_textfile_2

select count(*) from p_stored_as_textfile_2

show tables like 'p_stored_as_textfile*'

drop table p_stored_as_textfile_2

create table k_int (v int) partitioned by (k int) stored as parquet

insert into k_int partition (k) values (0, 1)

insert into k_int partition (k) values (1, -5)

insert into k_int partition (k) values (2, 2147483647)

select v, cast(k as string) from k_int order by v

select v from k_int where k = 1

select v from k_int where k > 1 order by v

select v from k_int where k in (1, -5, 2147483647) order by v

show partitions k_int

drop table k_int

create table k_bigint (v int) partitioned by (k bigint) stored as parquet

insert into k_bigint partition (k) values (0, 9223372036854775807)

insert into k_bigint partition (k) values (1, 0)

select v, cast(k as string) from k_bigint order by v

select v from k_bigint where k = 9223372036854775807

select v from k_bigint where k > 9223372036854775807 order by v

select v from k_bigint where k in (9223372036854775807, 0) order by v

show partitions k_bigint

drop table k_bigint

create table k_smallint (v int) partitioned by (k smallint) stored as parquet

insert into k_smallint partition (k) values (0, 3)

select v, cast(k as string) from k_smallint order by v

select v from k_smallint where k = 3

select v from k_smallint where k > 3 order by v

select v from k_smallint where k in (3) order by v

show partitions k_smallint

drop table k_smallint

create table k_tinyint (v int) partitioned by (k tinyint) stored as parquet

insert into k_tinyint partition (k) values (0, -7)

select v, cast(k as string) from k_tinyint order by v

select v from k_tinyint where k = -7

select v from k_tinyint where k > -7 order by v

select v from k_tinyint where k in (-7) order by v

show partitions k_tinyint

drop table k_tinyint

create table k_string (v int) partitioned by (k string) stored as parquet

insert into k_string partition (k) values (0, 'a')

insert into k_string partition (k) values (1, ' b ')

insert into k_string partition (k) values (2, '%')

insert into k_string partition (k) values (3, 'x=y')

select v, cast(k as string) from k_string order by v

select v from k_string where k = 'a'

select v from k_string where k > 'a' order by v

select v from k_string where k in ('a', ' b ', '%', 'x=y') order by v

show partitions k_string

drop table k_string

create table k_varchar (v int) partitioned by (k varchar(10)) stored as parquet

insert into k_varchar partition (k) values (0, 'v')

select v, cast(k as string) from k_varchar order by v

select v from k_varchar where k = 'v'

select v from k_varchar where k > 'v' order by v

select v from k_varchar where k in ('v') order by v

show partitions k_varchar

drop table k_varchar

create table k_char (v int) partitioned by (k char(3)) stored as parquet

insert into k_char partition (k) values (0, 'ab')

select v, cast(k as string) from k_char order by v

select v from k_char where k = 'ab'

select v from k_char where k > 'ab' order by v

select v from k_char where k in ('ab') order by v

show partitions k_char

drop table k_char

create table k_date (v int) partitioned by (k date) stored as parquet

insert into k_date partition (k) values (0, date '1970-01-01')

insert into k_date partition (k) values (1, date '2026-12-31')

select v, cast(k as string) from k_date order by v

select v from k_date where k = date '1970-01-01'

select v from k_date where k > date '1970-01-01' order by v

select v from k_date where k in (date '1970-01-01', date '2026-12-31') order by v

show partitions k_date

drop table k_date

create table k_boolean (v int) partitioned by (k boolean) stored as parquet

insert into k_boolean partition (k) values (0, true)

insert into k_boolean partition (k) values (1, false)

select v, cast(k as string) from k_boolean order by v

select v from k_boolean where k = true

select v from k_boolean where k > true order by v

select v from k_boolean where k in (true, false) order by v

show partitions k_boolean

drop table k_boolean

create table k_decimal (v int) partitioned by (k decimal(10,2)) stored as parquet

insert into k_decimal partition (k) values (0, 1.25)

insert into k_decimal partition (k) values (1, -3.00)

select v, cast(k as string) from k_decimal order by v

select v from k_decimal where k = 1.25

select v from k_decimal where k > 1.25 order by v

select v from k_decimal where k in (1.25, -3.00) order by v

show partitions k_decimal

drop table k_decimal

create table k_timestamp (v int) partitioned by (k timestamp) stored as parquet

insert into k_timestamp partition (k) values (0, timestamp '2026-01-01 01:02:03')

select v, cast(k as string) from k_timestamp order by v

select v from k_timestamp where k = timestamp '2026-01-01 01:02:03'

select v from k_timestamp where k > timestamp '2026-01-01 01:02:03' order by v

select v from k_timestamp where k in (timestamp '2026-01-01 01:02:03') order by v

show partitions k_timestamp

drop table k_timestamp

create table k_double (v int) partitioned by (k double) stored as parquet

insert into k_double partition (k) values (0, 1.5)

select v, cast(k as string) from k_double order by v

select v from k_double where k = 1.5

select v from k_double where k > 1.5 order by v

select v from k_double where k in (1.5) order by v

show partitions k_double

drop table k_double

create table bucketed (id int, name string) using parquet clustered by (id) sorted by (name) into 4 buckets

insert into bucketed select id, cast(id as string) from range(40)

select count(*), sum(id) from bucketed

show create table bucketed

select a.id from bucketed a join bucketed b on a.id = b.id where a.id < 3 order by 1

drop table bucketed

create table hive_bucketed (id int, name string) clustered by (id) into 2 buckets stored as orc

show create table hive_bucketed

drop table hive_bucketed

create table nested (a array<struct<x: int, y: string>>, m map<string, array<double>>, r struct<p: struct<q: date>, s: decimal(20,5)>) using parquet

insert into nested values (array(named_struct('x', 1, 'y', 'a')), map('k', array(1.5D)), named_struct('p', named_struct('q', date '2026-01-01'), 's', 123.45))

select a[0].x, m['k'][0], r.p.q, r.s from nested

describe nested

drop table nested

create table types (a tinyint, b smallint, c int, d bigint, e float, f double, g decimal(38,10), h varchar(7), i char(4), j binary, k date, l timestamp, m boolean, n timestamp_ntz) using parquet

insert into types values (1, 2, 3, 4, 1.5, 2.5, 1234567890123456789.0123456789, 'seven', 'four', x'00ff10', date '0001-01-01', timestamp '1969-12-31 23:59:59.999', true, timestamp_ntz '2026-01-01 00:00:00')

select a, b, c, d, e, f, g, h, i, hex(j), k, l, m, n from types

analyze table types compute statistics for all columns

desc extended types c

desc extended types g

desc extended types k

desc extended types h

describe types

drop table types

create table ctas using parquet as select id, id % 3 as g from range(10)

select g, count(*) from ctas group by g order by g

create table ctas using parquet as select 1 a

create table if not exists ctas using parquet as select 1 a

comment on table ctas is 'a comment; with ''quotes'''

alter table ctas alter column g comment 'group'

describe ctas

alter table ctas set tblproperties ('a.b' = 'c', 'x' = 'y')

show tblproperties ctas ('a.b')

alter table ctas unset tblproperties ('x')

show tblproperties ctas ('x')

alter table ctas unset tblproperties ('nope')

alter table ctas unset tblproperties if exists ('nope')

alter table ctas set serdeproperties ('s' = 't')

show create table ctas

truncate table ctas

select count(*) from ctas

create table liked like ctas

describe liked

show tables

show tables like 'c*'

show table extended like 'nothing*'

drop table liked

drop table ctas

drop table ctas

drop table if exists ctas

select * from ctas

create table hive_ctas stored as orc as select 1 a, 'x' b

select * from hive_ctas

create external table ext (a int, b string) row format delimited fields terminated by ',' stored as textfile location 'file:///tmp/current_schema_name/ext'

insert into ext values (1, 'x')

select * from ext

insert overwrite ext values (2, 'y')

select * from ext

alter table ext set location 'file:///tmp/current_schema_name/ext2'

select count(*) from ext

alter table ext set location 'file:///tmp/current_schema_name/ext'

select count(*) from ext

truncate table ext

drop table ext

drop table hive_ctas purge

create view v1 as select id, id * 2 as twice from range(3)

select * from v1 order by id

create view v1 as select 1 a

create or replace view v1 (a comment 'first') comment 'the view' tblproperties ('p' = 'q') as select 7

select * from v1

describe v1

alter view v1 as select 8 as b

select * from v1

alter view v1 rename to v2

show views

show create table v2

alter view v2 set tblproperties ('n' = 'm')

show tblproperties v2 ('n')

drop table v2

drop view v2

drop view v2

drop view if exists v2

create view over_nothing as select * from nowhere

create function cat_upper as 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFUpper'

select cat_upper('abc')

describe function cat_upper

show user functions like 'cat_*'

create function cat_upper as 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFUpper'

create or replace function cat_upper as 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFLower'

create function if not exists cat_upper as 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFUpper'

drop function cat_upper

drop function cat_upper

drop function if exists cat_upper

select cat_upper('abc')

create table MiXeD (CamelCase int, `with space` string, `select` int) using parquet

insert into mixed values (1, 's', 2)

select camelcase, `with space`, `select` from MIXED

describe mixed

alter table mixed rename column camelcase to other

alter table mixed drop column `select`

drop table mixed

create table dup (a int, A int) using parquet

create table bad (a nothing_type) using parquet

create table nopart (a int) using parquet partitioned by (b)

insert into nope values (1)

alter table nope add columns (b int)

msck repair table nope

analyze table nope compute statistics

describe nope

show partitions nope

create table unpart (a int) using parquet

show partitions unpart

msck repair table unpart

alter table unpart add columns (a int)

alter table unpart add columns (b struct<x: int>)

describe unpart

drop table unpart

create table wide using parquet as select 0 as c0, 1 as c1, 2 as c2, 3 as c3, 4 as c4, 5 as c5, 6 as c6, 7 as c7, 8 as c8, 9 as c9, 10 as c10, 11 as c11, 12 as c12, 13 as c13, 14 as c14, 15 as c15, 16 as c16, 17 as c17, 18 as c18, 19 as c19, 20 as c20, 21 as c21, 22 as c22, 23 as c23, 24 as c24, 25 as c25, 26 as c26, 27 as c27, 28 as c28, 29 as c29, 30 as c30, 31 as c31, 32 as c32, 33 as c33, 34 as c34, 35 as c35, 36 as c36, 37 as c37, 38 as c38, 39 as c39, 40 as c40, 41 as c41, 42 as c42, 43 as c43, 44 as c44, 45 as c45, 46 as c46, 47 as c47, 48 as c48, 49 as c49, 50 as c50, 51 as c51, 52 as c52, 53 as c53, 54 as c54, 55 as c55, 56 as c56, 57 as c57, 58 as c58, 59 as c59, 60 as c60, 61 as c61, 62 as c62, 63 as c63, 64 as c64, 65 as c65, 66 as c66, 67 as c67, 68 as c68, 69 as c69, 70 as c70, 71 as c71, 72 as c72, 73 as c73, 74 as c74, 75 as c75, 76 as c76, 77 as c77, 78 as c78, 79 as c79, 80 as c80, 81 as c81, 82 as c82, 83 as c83, 84 as c84, 85 as c85, 86 as c86, 87 as c87, 88 as c88, 89 as c89, 90 as c90, 91 as c91, 92 as c92, 93 as c93, 94 as c94, 95 as c95, 96 as c96, 97 as c97, 98 as c98, 99 as c99, 100 as c100, 101 as c101, 102 as c102, 103 as c103, 104 as c104, 105 as c105, 106 as c106, 107 as c107, 108 as c108, 109 as c109, 110 as c110, 111 as c111, 112 as c112, 113 as c113, 114 as c114, 115 as c115, 116 as c116, 117 as c117, 118 as c118, 119 as c119, 120 as c120, 121 as c121, 122 as c122, 123 as c123, 124 as c124, 125 as c125, 126 as c126, 127 as c127, 128 as c128, 129 as c129, 130 as c130, 131 as c131, 132 as c132, 133 as c133, 134 as c134, 135 as c135, 136 as c136, 137 as c137, 138 as c138, 139 as c139, 140 as c140, 141 as c141, 142 as c142, 143 as c143, 144 as c144, 145 as c145, 146 as c146, 147 as c147, 148 as c148, 149 as c149, 150 as c150, 151 as c151, 152 as c152, 153 as c153, 154 as c154, 155 as c155, 156 as c156, 157 as c157, 158 as c158, 159 as c159, 160 as c160, 161 as c161, 162 as c162, 163 as c163, 164 as c164, 165 as c165, 166 as c166, 167 as c167, 168 as c168, 169 as c169, 170 as c170, 171 as c171, 172 as c172, 173 as c173, 174 as c174, 175 as c175, 176 as c176, 177 as c177, 178 as c178, 179 as c179, 180 as c180, 181 as c181, 182 as c182, 183 as c183, 184 as c184, 185 as c185, 186 as c186, 187 as c187, 188 as c188, 189 as c189, 190 as c190, 191 as c191, 192 as c192, 193 as c193, 194 as c194, 195 as c195, 196 as c196, 197 as c197, 198 as c198, 199 as c199, 200 as c200, 201 as c201, 202 as c202, 203 as c203, 204 as c204, 205 as c205, 206 as c206, 207 as c207, 208 as c208, 209 as c209, 210 as c210, 211 as c211, 212 as c212, 213 as c213, 214 as c214, 215 as c215, 216 as c216, 217 as c217, 218 as c218, 219 as c219, 220 as c220, 221 as c221, 222 as c222, 223 as c223, 224 as c224, 225 as c225, 226 as c226, 227 as c227, 228 as c228, 229 as c229, 230 as c230, 231 as c231, 232 as c232, 233 as c233, 234 as c234, 235 as c235, 236 as c236, 237 as c237, 238 as c238, 239 as c239, 240 as c240, 241 as c241, 242 as c242, 243 as c243, 244 as c244, 245 as c245, 246 as c246, 247 as c247, 248 as c248, 249 as c249, 250 as c250, 251 as c251, 252 as c252, 253 as c253, 254 as c254, 255 as c255, 256 as c256, 257 as c257, 258 as c258, 259 as c259, 260 as c260, 261 as c261, 262 as c262, 263 as c263, 264 as c264, 265 as c265, 266 as c266, 267 as c267, 268 as c268, 269 as c269, 270 as c270, 271 as c271, 272 as c272, 273 as c273, 274 as c274, 275 as c275, 276 as c276, 277 as c277, 278 as c278, 279 as c279, 280 as c280, 281 as c281, 282 as c282, 283 as c283, 284 as c284, 285 as c285, 286 as c286, 287 as c287, 288 as c288, 289 as c289, 290 as c290, 291 as c291, 292 as c292, 293 as c293, 294 as c294, 295 as c295, 296 as c296, 297 as c297, 298 as c298, 299 as c299

select c299 + c1 from wide

drop table wide

create table many (v bigint) partitioned by (p bigint) stored as parquet

insert into many partition (p) select id, id % 40 from range(200)

select count(*) from many where p < 10

select count(*) from many where p between 20 and 25 or p = 39

select count(*) from many where p in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)

show partitions many partition (p = 7)

alter table many drop partition (p < 30)

select count(distinct p) from many

drop table many

show databases like 'nope*'

create database catalog_statements_x comment 'c' with dbproperties ('k' = 'v')

create database catalog_statements_x

create database if not exists catalog_statements_x

describe database catalog_statements_x

alter database catalog_statements_x set dbproperties ('k' = 'w', 'l' = 'm')

show tables in catalog_statements_x

create table catalog_statements_x.t using parquet as select 1 a

drop database catalog_statements_x

drop database catalog_statements_x cascade

drop database catalog_statements_x

drop database if exists catalog_statements_x

use nope_database

select current_database() is not null

create table stats_t (a int, b string) using parquet

insert into stats_t values (1, 'a'), (2, 'bb'), (null, null)

analyze table stats_t compute statistics for columns a, b

desc extended stats_t a

desc extended stats_t b

analyze table stats_t compute statistics noscan

insert into stats_t values (5, 'e')

desc extended stats_t a

analyze tables compute statistics noscan

drop table stats_t

create table gen (a int, b int default 5) using parquet

insert into gen (a) values (1)

select * from gen

alter table gen alter column b set default 6

insert into gen (a) values (2)

select * from gen order by a

drop table gen

cache table cached as select 1 a

uncache table cached
