select * from (values (1, 'a'), (2, 'b')) as t(x, y)
values (1, 'a'), (2, null)
values 1, 2.5
select x, count(*) from (values 1, 1, 2, null) as t(x) group by x order by x
select x from (values 3, null, 1) as t(x) order by x
select x from (values 3, null, 1) as t(x) order by x desc
select x from (values 3, null, 1) as t(x) order by x nulls first
select x from (values 3, null, 1) as t(x) order by x desc nulls first
select count(*), count(x), count(distinct x), sum(x), avg(x), min(x), max(x) from (values 1, 2, 2, null) as t(x)
select count(*), sum(x), avg(x), min(x), array_agg(x), count_if(x > 1), bool_and(x > 0), max_by(x, x), stddev(x) from (values 1) as t(x) where x > 5
select sum(x), avg(x) from (values 1.10, 2.25, 3.30) as t(x)
select avg(x) from (values 0.01, 0.02, 0.02) as t(x)
select sum(x), avg(x) from (values real '1.5', real '2.5') as t(x)
select sum(x), avg(x), typeof(sum(x)), typeof(avg(x)) from (values cast(1 as tinyint), cast(2 as tinyint)) as t(x)
select sum(x) from (values 9223372036854775807, 1) as t(x)
select avg(x) from (values 9223372036854775807, 9223372036854775807) as t(x)
select stddev(x), stddev_pop(x), variance(x), var_pop(x), geometric_mean(x) from (values 1, 2, 4) as t(x)
select corr(x, y), covar_pop(x, y), covar_samp(x, y), regr_slope(y, x), regr_intercept(y, x) from (values (1, 2), (2, 3), (3, 5)) as t(x, y)
select bool_and(x), bool_or(x), every(x) from (values true, false, null) as t(x)
select max_by(y, x), min_by(y, x), max_by(y, x, 2), max(x, 2), min(x, 2) from (values (1, 'a'), (3, 'c'), (2, 'b')) as t(x, y)
select max_by(y, x) from (values (1, 'a'), (3, null)) as t(x, y)
select array_agg(x order by x desc), array_agg(distinct x order by x), array_agg(x order by x) filter (where x > 1) from (values 2, 1, 3, 1) as t(x)
select listagg(x, ', ') within group (order by x), listagg(distinct x, '') within group (order by x desc) from (values 'b', 'a', 'b') as t(x)
select map_agg(k, v) from (values ('a', 1), ('b', 2)) as t(k, v)
select histogram(x), approx_distinct(x), arbitrary(1) from (values 'a', 'b', 'a') as t(x)
select multimap_agg(k, v) from (values ('a', 1), ('a', 2)) as t(k, v)
select bitwise_and_agg(x), bitwise_or_agg(x), bitwise_xor_agg(x) from (values 12, 10) as t(x)
select approx_percentile(x, 0.5), approx_percentile(x, array[0.25, 0.75]) from (values 1, 2, 3, 4, 5) as t(x)
select approx_percentile(x, 0.5) from (values 1e0, 2e0, 3e0) as t(x)
select x, sum(y) from (values (1, 2), (1, 3), (2, 4)) as t(x, y) group by x having sum(y) > 4 order by 1
select x + 1, count(*) from (values 1, 1, 2) as t(x) group by x + 1 order by x + 1
select x % 2 as parity, count(*) as n from (values 1, 2, 3) as t(x) group by 1 order by n desc, parity
select a, b, count(*), grouping(a), grouping(a, b) from (values (1, 2), (1, 3)) as t(a, b) group by grouping sets ((a, b), (a), ()) order by 1, 2
select a, b, sum(c) from (values (1, 2, 10), (1, 3, 20)) as t(a, b, c) group by rollup (a, b) order by 1, 2
select a, b, count(*) from (values (1, 2), (1, 3)) as t(a, b) group by cube (a, b) order by 1, 2, 3
select a, count(*) from (values (1, 2), (1, 3)) as t(a, b) group by a, rollup (b) order by 1, 2
select distinct x, y from (values (1, 2), (1, 2), (2, 1)) as t(x, y) order by x desc
select t.x, u.y from (values 1, 2) as t(x) join (values (1, 'a'), (1, 'b'), (3, 'c')) as u(x, y) on t.x = u.x order by y
select t.x, u.y from (values 1, 2) as t(x) left join (values (1, 'a')) as u(x, y) on t.x = u.x order by t.x
select t.x, u.y from (values 1, 2) as t(x) right join (values (1, 'a'), (3, 'c')) as u(x, y) on t.x = u.x order by y
select t.x, u.x from (values 1, 2) as t(x) full join (values 2, 3) as u(x) on t.x = u.x order by coalesce(t.x, u.x)
select * from (values (1, 'a'), (2, 'b')) as t(x, y) join (values (1, true)) as u(x, z) using (x)
select x, y, z from (values (1, 'a'), (2, 'b')) as t(x, y) full join (values (1, true), (3, false)) as u(x, z) using (x) order by x
select * from (values 1, 2) as t(a) cross join (values 'x') as u(b) order by a
select count(*) from (values 1, 2, 3) as a(x), (values 1, 2) as b(y) where x > y
select x from (values 1, 2, 3) as t(x) where x in (select y from (values 2, 3, null) as u(y)) order by x
select x from (values 1, 2, 3) as t(x) where x not in (select y from (values 2) as u(y)) order by x
select x from (values 1, 2) as t(x) where exists (select 1 from (values 2) as u(y) where u.y = t.x)
select x, (select max(y) from (values 1, 5) as u(y) where y > t.x) from (values 0, 1, 7) as t(x) order by x
select x from (values 1, 2, 3) as t(x) where x > all (select y from (values 1, 2) as u(y))
select (select 1 where false), exists(select 1), 1 = any (select 2)
select (select x from (values 1, 2) as t(x))
with a as (select 1 as x), b(y) as (select x + 1 from a) select a.x, b.y from a cross join b
with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select sum(n), count(*) from t
select 1 as x union all select 2 union all select 2 order by x
select 1 union select 1 union select null order by 1
select x from (values 1, 2, 2, 3) as t(x) intersect select 2
select x from (values 1, 2, 2, 3) as t(x) except select 2 order by 1
select x from (values 1, 2, 2) as t(x) except all select 2 order by 1
select 'a' as v union all select 'bcd' order by v
select 1 as v union all select 2.5 union all select 3e0 order by v
select row_number() over (order by x), rank() over (order by x), dense_rank() over (order by x), x from (values 10, 20, 20, 30) as t(x) order by x, 1
select x, sum(x) over (order by x), sum(x) over (order by x rows between 1 preceding and current row), avg(x) over (), count(*) over (partition by x % 2) from (values 1, 2, 3, 4) as t(x) order by x
select x, lag(x) over (order by x), lead(x, 2) over (order by x), lag(x, 1, 0) over (order by x), first_value(x) over (order by x), last_value(x) over (order by x), nth_value(x, 2) over (order by x) from (values 1, 2, 3) as t(x) order by x
select x, ntile(2) over (order by x), percent_rank() over (order by x), cume_dist() over (order by x) from (values 1, 2, 3) as t(x) order by x
select x, lag(y) ignore nulls over (order by x), first_value(y) ignore nulls over (order by x desc) from (values (1, 'a'), (2, null), (3, 'c')) as t(x, y) order by x
select x, sum(x) over (order by x range between 1 preceding and 1 following), max(x) over (order by x desc rows unbounded preceding) from (values 1, 2, 4) as t(x) order by x
select d, count(*) over (order by d range between interval '1' day preceding and current row) from (values date '2020-01-01', date '2020-01-02', date '2020-01-05') as t(d) order by d
select x, sum(sum(x)) over (order by x) from (values 1, 2, 2) as t(x) group by x order by x
select x, row_number() over w, sum(x) over w from (values 2, 1) as t(x) window w as (order by x) order by x
select x from (values 5, 3, 4, 1, 2) as t(x) order by x offset 1 limit 2
select x from (values 5, 3, 4) as t(x) order by x desc fetch first 1 row only
select t.* from (values (1, 2)) as t(a, b)
select r.a, r.b.c from (select cast(row(1, row('x')) as row(a integer, b row(c varchar))) as r)
select cast(row(1, 'a') as row(x integer, y varchar)).*
select A, t.a, T.A from (values 1) as t(a)
select "x" from (values 1) as t(X)
select sum(x) filter (where x > 1) as s, count(*) filter (where x is null) from (values 1, 2, null) as t(x)
select max(date_diff('day', d, date '2020-03-01')) from (values date '2020-01-01', date '2020-02-01') as t(d)
select y, avg(x) as m from (values (1, 'a'), (2, 'a'), (4, 'b')) as t(x, y) group by y order by m desc
select case when x > 1 then 'big' else 'small' end as size, count(*) from (values 1, 2, 3) as t(x) group by case when x > 1 then 'big' else 'small' end order by size
select x from (values 'b', 'A', 'a', 'B', 'é', 'z') as t(x) order by x
select min(x), max(x) from (values 'b', 'A', 'é') as t(x)
select count(distinct x), count(distinct y) from (values (1, 'a'), (1, 'b'), (2, 'b')) as t(x, y)
select nope from (values 1) as t(x)
select x, count(*) from (values 1) as t(x)
select x from (values 1) as t(x) where sum(x) > 1
select no_such_function(1)
select lower(1)
select 1 + 'a'
select 1 where 'a' = 1
select * from (values 1) as t(x) where x
select x from (values 1) as t(x), (values 2) as u(x)
select from
select 'abc
select 1,, 2
select * from nowhere
select sum(sum(x)) from (values 1) as t(x)
select 1 limit -1
select x from (values 1) as t(x) order by 2
select x from (values 1) as t(x) group by 3
select row_number() from (values 1) as t(x)
select a from (values (1, 2)) as t(a)
select 1 union all select 'a'
select 1 union all select 1, 2
select cast(1 as nosuchtype)
select array[1, 'a']
select (select 1, 2)
select x, y from (values (1, 2)) as t(x, y) union all select y, x from (values (3, 4)) as u(x, y) order by x
select count(*) from (select 1 as a, 2 as a)
select * from (values (1, 'a')) as t(x, y) left join unnest(array['p', 'q']) as u(z) on true order by z
select t.x, n from (values array['a', 'b']) as t(x) cross join unnest(t.x) with ordinality as u(v, n) where v = 'b'
select x, count(*) as x2 from (values 1, 2, 2) as t(x) group by x having count(*) > 1 and x > 0
select sum(x) as x from (values 1, 2) as t(x) order by x
select x as y, y as x from (values (1, 9), (2, 8)) as t(x, y) order by x
select -x as x from (values 1, 2) as t(x) order by x
select -x as x from (values 1, 2) as t(x) order by abs(x)
select max(x) from (values 1, 2) as t(x) having max(x) > 5
select 1 having true
select x from (values 1, 2, 3) as t(x) limit 0
select count(*) over (), x from (values 1, 2) as t(x) limit 1
select sum(x) over (partition by y), rank() over (partition by y order by x desc) from (values (1, 'a'), (2, 'a'), (3, 'b')) as t(x, y) order by 1, 2
select x, sum(x) filter (where x > 1) over (order by x) from (values 1, 2, 3) as t(x) order by x
select avg(x) over (order by x rows between 1 preceding and 1 following) from (values 1.0, 2.5, 4.0) as t(x)
select distinct count(*) from (values 1, 2) as t(x) group by x
select coalesce(t.x, 0) + 1 as z, count(*) from (values 1, null) as t(x) group by coalesce(t.x, 0) + 1 order by z
select * from (values 1) as a(x) join (values 1) as b(x) on a.x = b.x join (values 1) as c(x) on b.x = c.x
select * from ((values 1) as a(x) join (values (1, 2)) as b(x, y) on a.x = b.x) left join (values 3) as c(z) on true
with t as (select 1 as x) select * from t where x = (with t as (select 2 as x) select x - 1 from t)
with a(x) as (values 1, 2), b as (select x from a where x > 1) select * from b union all select * from a order by 1
select a.x from (values 1) as a(x) where a.x in (select b.x from (values 1) as b(x) where b.x = a.x)
select (select count(*) from (values 1, 2) as b(y) where b.y >= a.x) from (values 1, 2) as a(x) order by 1
select grouping(x), x, sum(y) from (values (1, 10), (2, 20)) as t(x, y) group by rollup (x) order by x nulls first
select date_trunc('month', d) as m, count(*) from (values date '2020-01-05', date '2020-01-20', date '2020-02-01') as t(d) group by date_trunc('month', d) order by m
select case when grouping(x) = 1 then 'all' else cast(x as varchar) end, count(*) from (values 1, 1, 2) as t(x) group by cube (x) order by 1
select max_by(x, y order by x) from (values (1, 2)) as t(x, y)
select x from (values 1, 2) as t(x) where x = 1 or null
select not exists (select 1 from (values 1) as t(x) where x > 5)
select approx_distinct(x), count(distinct x) from (values 'a', 'b', null, 'a') as t(x)
select min(x), max(x) from (values array[2, 1], array[1, 9]) as t(x)
select sum(interval '1' day), avg(x) from (values interval '1' hour, interval '2' hour) as t(x)
select stddev(x), variance(x), corr(x, x) from (values 1) as t(x)
select sum(x * y), max(x * y), avg(x * y), sum(x * (1 - y) * (1 + y)) from (values (cast(1234567890123.45 as decimal(15,2)), cast(0.07 as decimal(15,2))), (cast(9999999999999.99 as decimal(15,2)), cast(1.05 as decimal(15,2)))) as t(x, y)
select x * y, x * y * y, '/*[*/' || cast(x as varchar) from (values (cast(9999999999999.99 as decimal(15,2)), cast(9999999999999.99 as decimal(15,2)))) as t(x, y)
select sum(x * y) from (values (cast(1.50 as decimal(15,2)), cast(2.25 as decimal(15,2)))) as t(x, y)
select * from (values (1, 2), (3, 4)) as t(a, b) where (a, b) in (values (1, 2))
select x from (values 1, 2) as t(x) where x in (values 2, 3)
select lower(cast('AB' as char(4))), lower(cast('AB' as char(4))) = 'ab', upper(cast('a' as char(2)))
select round(100.0 * count(*) / sum(count(*)) over (), 2) as pct, a from (values 1,1,2) t(a) group by a order by a
select first_value(a) over (order by a desc), a from (values 1,2) t(a) order by a
select transform(sequence(1,3), x -> x * 1.5), date '2020-01-01' + interval '1' day * 2
select if(x is null, 'none', cast(x as varchar)) from (values 1, null) t(x) order by 1
select sum(a)/count(a), sum(a)*1.0/count(*), avg(a * 1.0), sum(a) / 2.0 from (values 1,2,4) t(a)
select count(*) filter (where a > 1), sum(distinct a), avg(distinct a) from (values 1,2,2) t(a)
