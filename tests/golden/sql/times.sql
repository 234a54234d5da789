select date '2020-02-29', timestamp '2020-01-02 03:04:05', timestamp '2020-01-02 03:04:05.123456', timestamp '2020-01-02 03:04:05.1', time '01:02:03'
select timestamp '2020-01-02 03:04:05 UTC', timestamp '2020-01-02 03:04:05.5 Europe/Paris', timestamp '2020-07-02 03:04:05 +02:00'
select interval '3' day, interval '-3' hour, interval '1 02:03:04.5' day to second, interval '1-2' year to month, interval '5' month, interval '90' minute, - interval '2' day
select date '2020-01-31' + interval '1' month, date '2020-03-31' - interval '1' month, date '2020-01-01' + interval '10' day, date '2020-02-29' + interval '1' year, interval '1' day + date '2020-01-01'
select date '2020-01-01' + interval '1' hour
select timestamp '2020-01-31 10:00:00' + interval '1' month, timestamp '2020-01-01 00:00:00' - interval '1' second, timestamp '2020-01-01 00:00:00.123456' + interval '1' day
select date '2020-03-01' - date '2020-02-01', timestamp '2020-01-02 12:00:00' - timestamp '2020-01-01 11:30:00'
select interval '1' day * 3, interval '3' day / 2, interval '1' day + interval '2' hour, interval '1' month * 5
select date_diff('day', date '2020-01-01', date '2020-03-01'), date_diff('month', date '2020-01-31', date '2020-02-01'), date_diff('month', date '2020-01-31', date '2020-02-29'), date_diff('year', date '2023-12-31', date '2024-01-01'), date_diff('week', date '2020-01-01', date '2020-01-15'), date_diff('quarter', date '2020-01-15', date '2020-07-14')
select date_diff('hour', timestamp '2020-01-01 10:59:00', timestamp '2020-01-01 12:00:00'), date_diff('day', timestamp '2020-01-01 12:00:00', timestamp '2020-01-02 11:00:00'), date_diff('second', timestamp '2020-01-01 00:00:01', timestamp '2020-01-01 00:00:00'), date_diff('millisecond', timestamp '2020-01-01 00:00:00.000', timestamp '2020-01-01 00:00:00.123'), date_diff('minute', timestamp '2020-01-01 00:00:30', timestamp '2020-01-01 00:00:00')
select date_diff('month', date '2020-03-31', date '2020-02-29'), date_diff('month', date '2020-02-29', date '2020-01-31'), date_diff('month', date '2020-02-29', date '2020-01-30'), date_diff('month', timestamp '2020-01-15 12:00:00', timestamp '2020-02-15 11:59:59'), date_diff('year', date '2020-02-29', date '2021-02-28')
select date_add('day', 3, date '2020-01-30'), date_add('month', 1, date '2020-01-31'), date_add('year', -1, date '2020-02-29'), date_add('hour', 25, timestamp '2020-01-01 00:00:00'), date_add('week', 2, date '2020-01-01'), date_add('quarter', 1, date '2020-01-31'), date_add('minute', -1, timestamp '2020-01-01 00:00:00')
select date_add('hour', 1, date '2020-01-01')
select date_trunc('year', date '2020-05-17'), date_trunc('quarter', date '2020-05-17'), date_trunc('month', date '2020-05-17'), date_trunc('week', date '2020-05-17'), date_trunc('day', timestamp '2020-05-17 10:11:12.123'), date_trunc('hour', timestamp '2020-05-17 10:11:12.123'), date_trunc('minute', timestamp '2020-05-17 10:11:12.123')
select date_trunc('day', timestamp '2020-05-17 23:30:00 UTC' at time zone 'Asia/Tokyo')
select year(date '2020-05-17'), month(date '2020-05-17'), day(date '2020-05-17'), quarter(date '2020-05-17'), week(date '2020-01-01'), day_of_week(date '2020-05-17'), dow(date '2020-05-18'), day_of_year(date '2020-05-17'), year_of_week(date '2021-01-01'), day_of_month(date '2020-05-17')
select hour(timestamp '2020-05-17 10:11:12.345'), minute(timestamp '2020-05-17 10:11:12.345'), second(timestamp '2020-05-17 10:11:12.345'), millisecond(timestamp '2020-05-17 10:11:12.345'), extract(year from date '2020-01-01'), extract(hour from timestamp '2020-01-01 05:00:00'), extract(dow from date '2020-01-05')
select hour(timestamp '2020-01-01 00:00:00 UTC' at time zone 'America/New_York'), day(timestamp '2020-01-01 00:00:00 UTC' at time zone 'America/New_York'), day(interval '3 04' day to hour), hour(interval '3 04' day to hour), month(interval '1-2' year to month)
select timestamp '2020-01-01 12:00:00 UTC' at time zone 'Europe/Paris', at_timezone(timestamp '2020-07-01 12:00:00 UTC', 'America/New_York'), with_timezone(timestamp '2020-07-01 12:00:00', 'Europe/Paris'), timestamp '2020-01-01 12:00:00 UTC' at time zone '+05:30'
select timestamp '2020-01-01 12:00:00 UTC' = timestamp '2020-01-01 13:00:00 Europe/Paris', timestamp '2020-01-01 00:00:00' < timestamp '2020-01-01 00:00:00 UTC', date '2020-01-01' = timestamp '2020-01-01 00:00:00'
select cast('2020-01-02' as date), cast('2020-1-2' as date), cast(timestamp '2020-01-02 23:59:59' as date), cast(date '2020-01-02' as timestamp), cast('2020-01-02 03:04:05.6789' as timestamp), cast('2020-01-02 03:04:05.6789' as timestamp(0)), cast('2020-01-02' as timestamp(3))
select cast('2020-13-01' as date)
select cast('nope' as timestamp)
select cast(timestamp '2020-01-02 03:04:05.678901' as timestamp(3)), cast(timestamp '2020-01-02 03:04:05.5' as timestamp(0)), cast(timestamp '2020-01-02 03:04:05' as varchar), cast(timestamp '2020-01-02 03:04:05.12' as varchar), cast(timestamp '2020-01-02 03:04:05 UTC' as varchar)
select cast(timestamp '2020-01-02 03:04:05 Europe/Paris' as timestamp), cast(timestamp '2020-01-02 23:30:00 America/New_York' as date), cast(timestamp '2020-01-02 03:04:05' as timestamp with time zone)
select date_format(timestamp '2020-05-07 08:09:10.123456', '%Y-%m-%d %H:%i:%s.%f'), date_format(timestamp '2020-05-07 18:09:10', '%y %c %e %k %l %h %p %M %b %W %a %j %T %r %%'), date_format(date '2020-01-01', '%x-%v')
select date_format(date '2020-05-07', '%d/%m/%Y'), date_parse('2020-05-07 08:09:10', '%Y-%m-%d %H:%i:%s'), date_parse('07/05/2020', '%d/%m/%Y'), date_parse('2020-5-7', '%Y-%c-%e')
select date_parse('xx', '%Y-%m-%d')
select format_datetime(timestamp '2020-05-07 08:09:10.123', 'yyyy-MM-dd HH:mm:ss.SSS'), format_datetime(timestamp '2020-05-07 18:09:10', 'EEEE, d MMMM yy h:mm a'), format_datetime(date '2020-05-07', '''day'' D ''of'' yyyy'), format_datetime(timestamp '2020-01-01 00:00:00', 'xxxx-ww-e')
select parse_datetime('2020-05-07 08:09', 'yyyy-MM-dd HH:mm'), parse_datetime('07.05.2020', 'dd.MM.yyyy')
select from_unixtime(0), from_unixtime(1588838950.123), from_unixtime(1588838950, 'Europe/Paris'), to_unixtime(timestamp '2020-05-07 08:09:10.500'), to_unixtime(timestamp '2020-05-07 08:09:10 UTC')
select from_iso8601_timestamp('2020-05-07T08:09:10Z'), from_iso8601_timestamp('2020-05-07T08:09:10.123+02:00'), from_iso8601_date('2020-05-07'), to_iso8601(date '2020-05-07'), to_iso8601(timestamp '2020-05-07 08:09:10.123'), to_iso8601(timestamp '2020-05-07 08:09:10 UTC')
select last_day_of_month(date '2020-02-03'), last_day_of_month(timestamp '2021-02-03 10:00:00'), date(timestamp '2020-01-02 10:00:00'), date('2020-01-02'), to_milliseconds(interval '1' day), parse_duration('3.5m')
select sequence(date '2020-01-30', date '2020-02-02'), sequence(date '2020-01-31', date '2020-04-30', interval '1' month), sequence(timestamp '2020-01-01 00:00:00', timestamp '2020-01-01 02:00:00', interval '1' hour)
select date '2020-13-01'
select timestamp '2020-01-01 25:00:00'
select date_format(timestamp '2020-12-31 00:05:06.007', '%f|%s|%i|%I|%Y|%v|%x')
select date '2020-01-31' + interval '1-1' year to month, timestamp '2020-03-31 10:00:00.5' - interval '1' month, time '10:00:00' + interval '3' hour, timestamp '2020-01-01 00:00:00 Europe/Paris' + interval '1' day
select month(timestamp '2020-05-17 23:00:00 UTC' at time zone 'Asia/Tokyo'), date_diff('day', timestamp '2020-01-01 00:00:00 UTC', timestamp '2020-01-02 00:00:00 Asia/Tokyo'), date_trunc('hour', timestamp '2020-01-01 10:45:00 +05:30')
select date '2020-01-01' in (date '2020-01-01', date '2020-01-02'), date '2020-01-01' between date '2019-01-01' and timestamp '2020-01-01 00:00:00', max(d) from (values date '2020-01-01') as t(d) group by ()
select date_add('month', -1, timestamp '2020-03-31 10:00:00'), date_add('millisecond', 1500, timestamp '2020-01-01 00:00:00'), date_add('day', 1, timestamp '2020-01-01 00:00:00 UTC')
select cast(date '2020-01-01' as varchar(4)), cast('2020-01-01 10:00' as timestamp), cast(' 2020-01-01 ' as date), cast('10:11:12' as time), cast(timestamp '2020-01-01 10:11:12' as time)
select year(timestamp '2020-05-17 10:00:00'), year(from_unixtime(0)), week(timestamp '2021-01-03 10:00:00'), quarter(from_unixtime(0))
