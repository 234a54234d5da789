select 1, -1, 2147483648, 1.5, 1e0, 'a', true, null
select 7/2, -7/2, 7/-2, 7%3, -7%3, 7%-3
select 7.0/2, 7/2.0, 10/3.0, 1.00/3.000, -1.0/3, 2.5*2.5, 1.1+2.22, 1.1-2.22, 7.5%2, -7.5%2
select 1e0/3, 1/3e0, 7e0%2, real '1.5' + 1, real '1.1'
select cast(1 as tinyint) + cast(2 as tinyint), cast(1 as smallint) + 1, 1 + 2147483648, cast(1 as bigint) * 2
select 123456789012345678 * 10.5, 0.1 + 0.2, 1.005 * 100
select 1/0
select 1.0/0
select 1e0/0, -1e0/0
select 1%0
select 2147483647 + 1
select 9223372036854775807 + 1
select cast(127 as tinyint) + cast(1 as tinyint)
select cast(1.5 as integer), cast(2.5 as integer), cast(-2.5 as integer), cast(2.5e0 as integer), cast(-2.5e0 as bigint), cast(1.4999 as bigint)
select cast(300 as tinyint)
select cast('12' as integer), cast('-12' as bigint), cast('+5' as smallint)
select cast(' 12' as integer)
select cast('1.5' as integer)
select cast('abc' as double)
select cast('1.5' as double), cast('1e3' as double), cast('Infinity' as double), cast('NaN' as double)
select cast('1.255' as decimal(3,2)), cast(1.255 as decimal(3,2)), cast(-1.255 as decimal(3,2)), cast(1.5e0 as decimal(4,1)), cast(7 as decimal(5,2))
select cast(1000 as decimal(3,0))
select cast(true as integer), cast(0 as boolean), cast(2.5e0 as boolean), cast('t' as boolean), cast('FALSE' as boolean)
select cast('yes' as boolean)
select cast(1.5e0 as varchar), cast(1e7 as varchar), cast(1e-5 as varchar), cast(123456789.125e0 as varchar), cast(-0.0e0 as varchar), cast(1e100 as varchar)
select cast(real '1.5' as varchar), cast(real '0.1' as varchar), cast(1.50 as varchar), cast(-7 as varchar), cast(true as varchar), cast(date '2020-01-02' as varchar)
select cast('abcdef' as varchar(3)), cast('ab' as char(5)), cast('abc   ' as char(3)), cast(cast('ab' as char(5)) as varchar)
select cast(12345 as varchar(3))
select cast('ab' as char(4)) = 'ab', cast('ab' as char(4)) = cast('ab' as char(2)), length(cast('ab' as char(4)))
select 'a' = 'a ', 'a' < 'b', 'B' < 'a', 'a' <> 'b', '' = ''
select try_cast('x' as integer), try_cast('7' as integer), try_cast(300 as tinyint), try(1/0), try(cast('x' as date)), try(7)
select coalesce(null, 1, 2), coalesce(1, 2.5), nullif(1, 1), nullif(1, 2), if(1 = 1, 'a', 'bcd'), if(false, 1), case when false then 1 end
select case 2 when 1 then 'one' when 2 then 'two' else 'many' end, case when 1 > 2 then 1 else 2.5 end
select null + 1, null = 1, null is null, 1 is not null, null and false, null or true, not null
select 1 is distinct from null, null is distinct from null, 1 is not distinct from 1
select 2 between 1 and 3, 2 not between 1 and 3, 2 in (1, 2), 2 not in (1, null), 1 in (1, null), null in (1)
select 'abc' like 'a%', 'abc' like '_b_', 'a%c' like 'a!%c' escape '!', 'abc' not like 'x%', 'ABC' like 'abc'
select greatest(1, 2, 3), least(1.5, 2), greatest(1, null), greatest('a', 'b'), least(date '2020-01-01', date '2019-01-01')
select abs(-5), abs(-1.5), sign(-3), sign(2.5), sign(0e0), ceil(1.2), ceil(-1.2), floor(1.8), floor(-1.2e0), ceiling(7)
select round(2.5), round(-2.5), round(2.567, 2), round(2.567, 1), round(2.5e0), round(-2.5e0), round(1234.567e0, -2), round(15, -1), round(3.14159e0, 3)
select truncate(2.7), truncate(-2.7e0), truncate(12.345, 1)
select mod(7, 3), mod(-7, 3), power(2, 10), pow(2, 0.5), sqrt(2), cbrt(27), exp(1), ln(10), log10(1000), log2(8), log(2, 8), sqrt(-1)
select pi(), e(), sin(1), cos(1), tan(1), atan2(1, 2), degrees(1), radians(90), infinity(), nan(), is_nan(nan()), is_finite(1e0), is_infinite(infinity())
select bitwise_and(12, 10), bitwise_or(12, 10), bitwise_xor(12, 10), bitwise_not(5), bitwise_left_shift(1, 4), bitwise_right_shift(-8, 1), bit_count(7, 64)
select to_base(255, 16), from_base('ff', 16), to_base(-5, 2), from_base('-101', 2), width_bucket(5.3, 0.2, 10.6, 5)
select length('abc'), length('añ日'), lower('ABC'), upper('abcß'), reverse('añb'), trim('  a '), ltrim('  a '), rtrim(' a  '), trim(both 'x' from 'xxaxx'), trim('xy' from 'xyaxy')
select substr('hello', 2), substr('hello', 2, 3), substr('hello', -3), substr('hello', -3, 2), substr('hello', 0), substr('hello', 0, 2), substr('hello', 10), substr('hello', -10), substr('hello', 2, 100), substring('hello' from 2 for 2), substr('hello', 2, 0), substr('hello', 2, -1)
select replace('banana', 'a', 'o'), replace('banana', 'na'), replace('abc', 'x', 'y'), strpos('banana', 'na'), position('na' in 'banana'), strpos('abc', 'x'), strpos('abc', '')
select split('a,b,,c', ','), split('a,b,c,d', ',', 2), split_part('a,b,c', ',', 2), split_part('a,b,c', ',', 5), split('abc', 'x')
select split_part('a,b', ',', 0)
select lpad('a', 3, 'xy'), rpad('a', 4, 'xy'), lpad('abcdef', 3, 'x'), concat('a', 'b', 'c'), 'a' || 'b' || 'c', concat_ws('-', 'a', null, 'b'), concat_ws(',', array['x', null, 'y'])
select chr(65), codepoint('A'), starts_with('abc', 'ab'), levenshtein_distance('kitten', 'sitting'), hamming_distance('abc', 'abd'), translate('abcd', 'abc', 'xy')
select to_hex(to_utf8('aé')), from_utf8(X'6162'), to_base64(to_utf8('hello')), from_utf8(from_base64('aGVsbG8=')), to_hex(md5(to_utf8('a'))), to_hex(sha256(to_utf8('a'))), to_hex(sha1(to_utf8(''))), length(X'0011'), X'00ff'
select url_encode('a b&c=d/e?é~*-_.'), url_decode('a+b%26c%3Dd')
select url_extract_protocol('https://u@ex.com:8080/p/a?x=1&y=2&x=3#frag'), url_extract_host('https://u@ex.com:8080/p/a?x=1#f'), url_extract_port('https://ex.com:8080/p'), url_extract_port('https://ex.com/p'), url_extract_path('https://ex.com/p/a?x=1'), url_extract_query('https://ex.com/p?x=1&y=2#z'), url_extract_fragment('https://ex.com/p#z'), url_extract_parameter('https://ex.com/p?x=1&y=a%20b&x=3', 'y'), url_extract_parameter('https://ex.com/p?x=1', 'q')
select regexp_like('abc123', '[0-9]+'), regexp_extract('abc123', '[0-9]+'), regexp_extract('abc123', '([a-z]+)([0-9]+)', 2), regexp_extract('abc', '[0-9]+'), regexp_extract_all('a1b22', '[0-9]+'), regexp_extract_all('a1b22', '([a-z])([0-9]+)', 2)
select regexp_replace('a1b22', '[0-9]+'), regexp_replace('a1b22', '[0-9]+', '#'), regexp_replace('john smith', '(\w+) (\w+)', '$2, $1'), regexp_replace('a.b', '\.', '\$'), regexp_split('a1b22c', '[0-9]+'), regexp_count('a1b22', '[0-9]')
select format('%s is %d', 'x', 5), format('%5.2f|%05d|%-5s|%%', 3.14159, 42, 'ab')
select typeof(1), typeof(1.5), typeof('abc'), typeof(array[1]), typeof(null), typeof(cast(1 as real)), typeof(date '2020-01-01'), typeof(timestamp '2020-01-01 00:00:00.12')
select 'it''s', U&'\0041\00e9', "a" from (values 1) as t("a")
select 1 as Foo, 2 as "Bar", 3 baz
select upper('straße'), lower('ÀÉ'), 'x' || cast(null as varchar), 'ok'
select ln(0), ln(-1), log10(0), asin(2), power(0, -1), exp(1000), 1e308 * 10, mod(5.5, 2), mod(5e0, 0)
select abs(cast(-5 as tinyint)), - cast(5 as smallint), round(cast(2.5 as real)), sign(cast(-2 as bigint)), ceil(cast(1.2 as real)), floor(cast(5 as tinyint))
select nan() = nan(), nan() > 1e0, 1e0 < nan(), nan() <> nan(), least(nan(), 1e0), greatest(nan(), 1e0)
select cast('' as integer)
select cast(null as varchar) like 'a', 'a' like null, 'a_b' like 'a\_b', '' like '%', 'a
b' like 'a%b'
select concat_ws(',', array[]), cast(cast(1.10 as decimal(10,2)) as varchar), cast(1e0 as decimal(10,2)), cast(cast(1 as decimal(38,0)) as bigint), 99999999999999999999 * 2.0
select cast('a' as varchar) < cast('b' as char(2)), cast('a ' as varchar) = cast('a' as char(2)), coalesce(cast('a' as char(2)), 'bcd')
select substr('añb', 2, 1), strpos('añb', 'b'), strpos('abcabc', 'c', 2), substring('hello', 2)
select hamming_distance('a', 'ab')
select random() between 0 and 1, random(10) < 10, rand() < 1, length(cast(uuid() as varchar)), now() = current_timestamp, current_date = date(now())
select bitwise_left_shift(cast(1 as bigint), 63), bitwise_right_shift(-1, 28), bitwise_and(-1, 255), bitwise_left_shift(5, 40)
select 1 in (select 1 union all select null), 2 in (select 1 union all select null), null in (select 1 where false), 3 not in (select 1 union all select null)
