"""The engine `sail`: Spark Connect in the run's own process, no Java; and `connect`: a Spark that runs elsewhere."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping

from catalog_server.jobs.command import Command, RunContext
from catalog_server.jobs.runner import RUN_VARIABLE
from catalog_server.jobs.storage import aws_environment, profile_for
from catalog_server.model.caller import run_token, run_user
from catalog_server.model.errors import Unavailable

_PRIVATE = ("CATALOG_SERVER_", "SAIL_", "SPARK_REMOTE", "SPARK_HOME", "SPARK_CONNECT")
INSTALL_HINT = "the engine sail is not installed: pip install 'catalog-server[sail]'"


def own_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The server's environment without its settings."""
    return {name: value for name, value in environment.items() if not name.startswith(_PRIVATE)}


def base_environment(context: RunContext, environment: Mapping[str, str]) -> dict[str, str]:
    """The server's environment without its settings, and what every run may know of itself."""
    by = context.run.by or "anonymous"
    return {
        **own_environment(environment),
        RUN_VARIABLE: context.run.id,
        "CATALOG_JOB": context.job.name,
        "CATALOG_ENGINE": context.job.engine,
        "CATALOG_SERVER__CLIENT__URL": context.http,
        "CATALOG_METASTORE": context.thrift,
        "CATALOG_ICEBERG": f"{context.http}/iceberg",
        "CATALOG_USER": run_user(by, context.run.id),
        "CATALOG_TOKEN": run_token(by, context.run.id),
        "HADOOP_USER_NAME": run_user(by, context.run.id),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def sail_command(context: RunContext) -> Command:
    """The process that is engine and script in one; raises `Unavailable` where Sail is not installed."""
    for module in ("pysail", "pyspark"):
        if importlib.util.find_spec(module) is None:
            raise Unavailable(INSTALL_HINT)
    environment = base_environment(context, os.environ)
    environment.update(aws_environment(profile_for(context)))
    environment.setdefault("RUST_LOG", "error")
    environment.update(_sail_settings(context.job.configuration))
    return Command(_launch(context), environment)


def connect_command(context: RunContext) -> Command:
    """The script alone, beside a Spark Connect server that is named by the job's master."""
    if importlib.util.find_spec("pyspark") is None:
        raise Unavailable(INSTALL_HINT)
    environment = base_environment(context, os.environ)
    environment["SPARK_REMOTE"] = context.job.master or ""
    return Command(_launch(context), environment)


def _launch(context: RunContext) -> list[str]:
    launch = [sys.executable, "-m", "catalog_server.jobs.launch", str(context.directory)]
    return [*launch, *context.script_arguments]


def _sail_settings(configuration: Mapping[str, str]) -> dict[str, str]:
    """Settings such as `sail.execution.batch_size` as the variables that Sail reads."""
    return {
        name.upper().replace(".", "__", 2).replace("SAIL__", "SAIL_", 1): value
        for name, value in configuration.items()
        if name.startswith("sail.") and not name.startswith("sail.catalog")
    }
