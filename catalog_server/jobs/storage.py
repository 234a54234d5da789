"""Storage profiles as engines want to hear of them: variables for Sail, Hadoop's settings for Spark."""

from __future__ import annotations

from collections.abc import Mapping

from catalog_server.jobs.command import RunContext
from catalog_server.jobs.jobs import parse_output

PROFILE_SETTING = "storage.prefix"
"""A job's setting that names the prefix whose store Sail is to reach, where there are several."""


def profile_for(context: RunContext) -> Mapping[str, str]:
    """The one store that an engine with a single set of credentials reaches: named, written to, or the warehouse's."""
    wanted = [context.job.configuration.get(PROFILE_SETTING, "")]
    wanted += [parse_output(output).location for output in context.job.outputs]
    wanted.append(context.warehouse)
    for location in filter(None, wanted):
        matching = [prefix for prefix in context.storage if prefix and covers(prefix, location)]
        if matching:
            return context.storage[max(matching, key=len)]
    for prefix in sorted(context.storage, key=len, reverse=True):
        return context.storage[prefix]
    return {}


def covers(prefix: str, location: str) -> bool:
    """Whether a location lies under a prefix, `s3`, `s3a` and `s3n` being the same."""
    inner, outer = bucket_and_key(location), bucket_and_key(prefix)
    if inner is None or outer is None or inner[0] != outer[0]:
        return False
    return not outer[1] or inner[1] == outer[1] or inner[1].startswith(outer[1].rstrip("/") + "/")


def bucket_and_key(location: str) -> tuple[str, str] | None:
    """Bucket and key of an S3 location; None for any other."""
    scheme, found, rest = location.partition("://")
    if not found or scheme.lower() not in ("s3", "s3a", "s3n"):
        return None
    bucket, _, key = rest.partition("/")
    return bucket, key.strip("/")


def aws_environment(options: Mapping[str, str]) -> dict[str, str]:
    """Storage options by the variable names of Rust's object_store (Sail) and of AWS's own tools."""
    if not options:
        return {}
    names = {
        "access_key_id": ("AWS_ACCESS_KEY_ID",),
        "secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
        "session_token": ("AWS_SESSION_TOKEN",),
        "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
        "endpoint": ("AWS_ENDPOINT", "AWS_ENDPOINT_URL"),
        "allow_http": ("AWS_ALLOW_HTTP",),
    }
    variables = {name: options[key] for key, said in names.items() if options.get(key) for name in said}
    variables["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] = "false" if options.get("path_style") == "true" else "true"
    variables.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    return variables


def hadoop_settings(storage: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Settings of Hadoop's s3a file system, per bucket; `s3:` locations are served by it as well."""
    settings = {f"spark.hadoop.fs.{scheme}.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem" for scheme in ("s3", "s3n")}
    for prefix in sorted(storage, key=len):
        place = bucket_and_key(prefix) if prefix else None
        base = "spark.hadoop.fs.s3a." + (f"bucket.{place[0]}." if place and place[0] else "")
        settings.update({base + name: value for name, value in _s3a(storage[prefix]).items()})
    return settings


def _s3a(options: Mapping[str, str]) -> dict[str, str]:
    names = {
        "endpoint": "endpoint",
        "region": "endpoint.region",
        "access_key_id": "access.key",
        "secret_access_key": "secret.key",
        "session_token": "session.token",
        "path_style": "path.style.access",
    }
    said = {name: options[key] for key, name in names.items() if options.get(key)}
    if options.get("endpoint", "").startswith("http://"):
        said["connection.ssl.enabled"] = "false"
    if options.get("access_key_id"):
        kind = "TemporaryAWSCredentialsProvider" if options.get("session_token") else "SimpleAWSCredentialsProvider"
        said["aws.credentials.provider"] = f"org.apache.hadoop.fs.s3a.{kind}"
    return said
