"""Logs of servers, as they write them."""

from __future__ import annotations

import gzip
import json

from tests.crawlers.corpus.kit import Layout, table, text

_LOG = "logs of web servers and syslog"
_W3C = "logs with #Fields"
_COMMON = (
    '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326',
    '10.0.0.7 - - [10/Oct/2000:13:55:37 -0700] "POST /a?b=c HTTP/1.1" 404 -',
)
_AGENT = ' "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"'
_ALB = (
    "{type} 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000"
    ' 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - -'
    " arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067"
    ' "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80"'
    ' "200" "-" "-"{rest}'
)
_CLOUDFRONT = (
    "#Version: 1.0",
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(User-Agent) sc-status",
    "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\tMozilla/5.0%20(X11)\t200",
    "2019-12-04\t21:02:32\tLAX1\t-\t192.0.2.101\tGET\t-\t404",
)
_TRAIL = {
    "Records": [
        {"eventVersion": "1.08", "eventName": name, "userIdentity": {"type": "IAMUser", "userName": "Alice"}}
        for name in ("StartInstances", "StopInstances")
    ]
}
_BALANCER = (
    "time string, elb string, client string, {0} string, request_processing_time double, {0}_processing_time double,"
    " response_processing_time double, elb_status int, {0}_status int, received_bytes bigint, sent_bytes bigint,"
    " request string, user_agent string, ssl_cipher string, ssl_protocol string"
)
_COMMON_COLUMNS = (
    "host string, ident string, user string, time string, request string, status int, bytes bigint"
)  # fmt: skip

LAYOUTS = (
    Layout(
        "apache",
        {
            "common/access.log": text(*_COMMON),
            "combined/access.log": text(*(line + _AGENT for line in _COMMON)),
            "packed/access.log.1.gz": gzip.compress(text(*(line + _AGENT for line in _COMMON))),
            "nginx/access.log": text(
                '203.0.113.9 - - [01/Jan/2024:00:00:00 +0000] "\\x16\\x03" 400 157 "-" "a \\"quoted\\" agent"'
            ),
        },
        {
            "common": table(_COMMON_COLUMNS, 2, status=604, bytes=2326, format="apache_common", kind=_LOG),
            **{
                name: table(
                    f"{_COMMON_COLUMNS}, referer string, user_agent string",
                    rows,
                    status=status,
                    bytes=sent,
                    format="apache_combined",
                    kind=_LOG,
                )
                for name, rows, status, sent in (
                    ("combined", 2, 604, 2326),
                    ("packed", 2, 604, 2326),
                    ("nginx", 1, 400, 157),
                )
            },
        },
    ),
    Layout(
        "balancers",
        {
            "elb/2015/05/13/a.log": text(
                "2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057"
                ' 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -'
            ),
            "alb/a.log.gz": gzip.compress(
                text(_ALB.format(type="http", rest=""), _ALB.format(type="h2", rest=' TID_1234 "-" "-"'))
            ),
        },
        {
            "elb": table(
                _BALANCER.format("backend"),
                1,
                keys="partition_0 int, partition_1 string, partition_2 int",
                partitions=1,
                sent_bytes=29,
                format="elb",
                kind=_LOG,
            ),
            "alb": table(
                f"type string, {_BALANCER.format('target')}, target_group_arn string, trace_id string, domain_name string,"
                " chosen_cert_arn string, matched_rule_priority string, request_creation_time string, actions_executed"
                " string, redirect_url string, error_reason string, target_list string, target_status_list string,"
                " classification string, classification_reason string, rest string",
                2,
                elb_status=400,
                sent_bytes=732,
                format="alb",
                kind=_LOG,
            ),
        },
    ),
    Layout(
        "syslogs",
        {
            "bsd/messages": text(
                "Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
                "<34>Oct  1 22:14:15 mymachine sshd[4711]: Accepted publickey",
            ),
            "new/messages": text(
                '<165>1 2003-10-11T22:14:15.003Z host evntslog - ID47 [example iut="3"] An event',
                "<34>1 2003-10-11T22:14:15.003Z host su - ID47 - failed",
            ),
        },
        {
            "bsd": table(
                "priority int, time string, host string, program string, pid int, message string",
                2,
                priority=34,
                pid=4711,
                format="syslog",
                kind=_LOG,
            ),
            "new": table(
                "priority int, time string, host string, program string, pid string, message_id string, data string,"
                " message string",
                2,
                priority=199,
                format="syslog_5424",
                kind=_LOG,
            ),
        },
    ),
    Layout(
        "logs_with_fields",
        {
            "cloudfront/EDFDVBD6.2019-12-04-21.d111111.gz": gzip.compress(text(*_CLOUDFRONT)),
            "iis/u_ex1.log": text(
                "#Software: Microsoft Internet Information Services 10.0",
                "#Fields: date time s-ip sc-status time-taken",
                "2024-01-01 10:00:00 10.0.0.1 200 15",
                "2024-01-01 10:00:01 10.0.0.1 404 16",
            ),
        },
        {
            "cloudfront": table(
                "date date, time string, x-edge-location string, sc-bytes bigint, c-ip string, cs-method string,"
                " cs(User-Agent) string, sc-status bigint",
                2,
                **{"sc-bytes": 392, "sc-status": 604},
                kind=_W3C,
            ),
            "iis": table(
                "date date, time string, s-ip string, sc-status bigint, time-taken bigint",
                2,
                **{"sc-status": 604, "time-taken": 31},
                kind=_W3C,
            ),
        },
    ),
    Layout(
        "flow_logs",
        {
            "flow/eni-1.log.gz": gzip.compress(
                text(
                    "version account-id interface-id srcaddr dstport packets bytes action log-status",
                    "2 123456789010 eni-1 172.31.16.139 22 20 4249 ACCEPT OK",
                    "2 123456789010 eni-1 - - - - - NODATA",
                )
            )
        },
        {
            "flow": table(
                "version bigint, account-id bigint, interface-id string, srcaddr string, dstport bigint, packets bigint,"
                " bytes bigint, action string, log-status string",
                2,
                packets=20,
                bytes=4249,
                kind="CSV with words for NULL",
            )
        },
    ),
    Layout(
        "trails",
        {"trail/a.json.gz": gzip.compress(json.dumps(_TRAIL).encode())},
        {
            "trail": table(
                "Records array<struct<eventVersion:string,eventName:string,userIdentity:struct<type:string,userName:string>>>",
                1,
                **{"cardinality(records)": 2},
                format="json",
            )
        },
    ),
    Layout(
        "log_with_other_lines",
        {"t/access.log": text(*_COMMON * 20, "starting up", *_COMMON)},
        {"t": table(_COMMON_COLUMNS, 43, bytes=2326 * 21, format="apache_common", kind=_LOG)},
        decisions=("1 lines (the first is line 41) are none of apache_common",),
    ),
)
