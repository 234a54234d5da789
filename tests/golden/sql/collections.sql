select array[1,2,3], array[], array['a', null], array[1, 2.5], array[array[1], array[2,3]]
select array[1,2,3][1], element_at(array[1,2,3], 3), element_at(array[1,2,3], 4), element_at(array[1,2,3], -1), cardinality(array[1,2]), cardinality(map(array['a'], array[1]))
select array[1,2,3][4]
select array[1,2,3][0]
select element_at(array[1], 0)
select map(array['a','b'], array[1,2]), map(array['a'], array[1])['a'], element_at(map(array['a'], array[1]), 'z'), map()
select map(array['a'], array[1])['b']
select map(array['a','a'], array[1,2])
select map_keys(map(array['a','b'], array[1,2])), map_values(map(array['a','b'], array[1,2])), map_entries(map(array['a'], array[1])), map_from_entries(array[('x', 1), ('y', 2)]), map_concat(map(array['a'], array[1]), map(array['a','b'], array[2,3]))
select map_filter(map(array['a','b'], array[1,2]), (k, v) -> v > 1), transform_values(map(array['a','b'], array[1,2]), (k, v) -> v * 10), transform_keys(map(array['a'], array[1]), (k, v) -> k || 'x')
select row(1, 'a'), cast(row(1, 'a') as row(x integer, y varchar)), cast(row(1, 'a') as row(x integer, y varchar)).y, (1, 2) = (1, 2), row(1, null), (1, 2) < (1, 3)
select contains(array[1,2], 2), contains(array[1,null], 3), contains(array[1,null], 1), array_position(array['a','b'], 'b'), array_position(array['a'], 'z'), array_join(array[1,null,3], '-'), array_join(array[1,null,3], '-', '?'), array_join(array['a','b'], '')
select array_distinct(array[1,2,1,null,null]), array_sort(array[3,1,null,2]), array_max(array[1,3,2]), array_max(array[1,null]), array_min(array['b','a']), array_remove(array[1,2,1], 1), reverse(array[1,2,3]), array_max(array[])
select array_union(array[1,2], array[2,3]), array_intersect(array[1,2,2], array[2,3]), array_except(array[1,2,2,3], array[3]), arrays_overlap(array[1,2], array[2]), arrays_overlap(array[1,null], array[2]), arrays_overlap(array[1], array[2])
select slice(array[1,2,3,4], 2, 2), slice(array[1,2,3], -2, 2), slice(array[1,2,3], 5, 2), flatten(array[array[1,2], array[3]]), repeat('x', 3), repeat(1, 0), sequence(1, 5), sequence(5, 1), sequence(1, 10, 3), trim_array(array[1,2,3], 1)
select sequence(1, 5, -1)
select array[1,2] || array[3], array[1] || 2, 0 || array[1], concat(array[1], array[2], array[3])
select filter(array[1,2,3,null], x -> x > 1), transform(array[1,2,null], x -> x * 2), transform(array['a','b'], x -> x || '!'), any_match(array[1,2], x -> x > 1), all_match(array[1,2], x -> x > 0), none_match(array[1,2], x -> x > 5)
select any_match(array[], x -> true), all_match(array[], x -> false), any_match(array[1,null], x -> x > 1), all_match(array[1,null], x -> x > 0), none_match(array[null], x -> x = 1), any_match(null, x -> x = 1)
select reduce(array[1,2,3], 0, (s, x) -> s + x, s -> s), reduce(array[1,2,3], 0e0, (s, x) -> s + x, s -> s / 3), reduce(array[], 0, (s, x) -> s + x, s -> s), reduce(array['a','b'], '', (s, x) -> s || x, s -> upper(s))
select zip(array[1,2], array['a','b']), zip(array[1], array['a','b'], array[true]), zip_with(array[1,2], array[10,20], (x, y) -> x + y), zip_with(array[1], array[10,20], (x, y) -> coalesce(x, 0) + y)
select transform(array[1,2], x -> transform(array[10,20], y -> x * y)), transform(array[row(1,'a')], r -> r[1]), filter(split('a,bb,ccc', ','), s -> length(s) > 1)
select split_to_map('a=1,b=2', ',', '=')
select * from unnest(array[1,2,3]) as t(x)
select * from unnest(array[1,2], array['a','b','c']) as t(x, y) order by y
select * from unnest(array['a','b']) with ordinality as t(x, n)
select k, v from unnest(map(array['a','b'], array[1,2])) as t(k, v) order by k
select a, b from unnest(array[row(1,'x'), row(2,'y')]) as t(a, b)
select t.id, u.x from (values (1, array[1,2]), (2, array[]), (3, null)) as t(id, a) cross join unnest(t.a) as u(x) order by 1, 2
select t.id, u.x from (values (1, array[1,2]), (2, array[]), (3, null)) as t(id, a) left join unnest(t.a) as u(x) on true order by 1, 2
select array[1,2] = array[1,2], array[1] < array[2], array[1,2] <> array[2,1], map(array['a'], array[1]) = map(array['a'], array[1])
select cast(array[1,2] as array(varchar)), cast(array['1','2'] as array(bigint)), cast(map(array['a'], array[1]) as map(varchar, double)), cast(null as array(integer))
select json_extract_scalar('{"a": {"b": [1, 2]}, "c": "x", "d": null, "e": true, "f": 1.50}', '$.c'), json_extract_scalar('{"a": {"b": [1, 2]}}', '$.a.b[1]'), json_extract_scalar('{"a": {"b": 1}}', '$.a'), json_extract_scalar('{"d": null}', '$.d'), json_extract_scalar('{"e": true}', '$.e'), json_extract_scalar('not json', '$.a'), json_extract_scalar('{"a-b": 1}', '$["a-b"]')
select json_extract('{"a": {"b": [1, 2]}}', '$.a'), json_extract('{"a": 1}', '$.z'), json_parse('[1, {"a": "x"}]'), json_format(json_parse('{"b": 1, "a": [1,2]}')), json_array_length('[1,2,3]'), json_array_length('{}'), json_array_contains('[1,2]', 2), json_array_contains('["a"]', 'b'), json_size('{"a":{"b":1,"c":2}}', '$.a')
select cast(json '[1,2]' as array(integer)), cast(json '{"a":1}' as row(a integer)), cast(json '"x"' as varchar), cast(json '7' as bigint), cast(json '1.5' as double), cast(json 'true' as boolean), cast(json 'null' as varchar)
select cast(1 as json), cast('a' as json), cast(true as json), cast(array[1,2] as json), cast(null as json), cast(1.5e0 as json)
select json_parse('{bad')
select is_json_scalar('1'), is_json_scalar('[1]'), json_array_get('[1,"a"]', 1)
select json_parse('1.50'), json_parse('1e3'), json_parse('12345678901234567890'), json_parse('0.12345678901234567890'), json_parse('"é"'), json_parse('{"a":1,"a":2}'), json_parse('"a\\u0041\\n"')
select cast(row(1, 'x') as json), cast(cast(row(1, 'x') as row(a integer, b varchar)) as json), cast(date '2020-01-01' as json), cast(1.50 as json), cast(1e10 as json), cast(map(array['b','a'], array[1,2]) as json)
select json_extract('{"b": 1.50, "a": {"d": 1, "c": 2}}', '$'), json_extract('["a", 1]', '$[0]'), json_extract('{"a b": 1}', '$["a b"]'), json_extract('[1,2]', '$[5]')
select json_array_get('[{"a": 1}, null, true]', 0), json_array_get('[{"a": 1}, null, true]', 1), json_array_get('[1]', 5), json_array_get('{}', 0)
select array_agg(x) from (values array[1], array[2]) as t(x)
select (select 1, 'a'), (select 1 as x, 2 as y where false)
select count(*) from (values array[1], array[1], array[2]) as t(x) group by x order by 1
select array_sort(array['b', 'A', 'a']), array_distinct(array['a', 'b', 'a']), array_union(array[1, null], array[null, 2]), array_intersect(array[null, 1], array[null]), array_except(array[1, null], array[null])
select element_at(map(array[1, 2], array['a', 'b']), 2), map(array[1], array[array[1, 2]])[1][2], cardinality(cast(null as array(integer)))
select contains(array['a'], null), contains(cast(null as array(integer)), 1), array_position(array[1, null], null), array_remove(array[1, null], null), array_remove(array[1, null, 2], 1)
