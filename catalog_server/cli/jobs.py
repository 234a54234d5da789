"""`catalog jobs`: PySpark scripts, their runs and their logs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog_server.cli.client import RUNNING_STATES, Client, Server, connect, pairs, path
from catalog_server.cli.output import (
    Failure,
    Format,
    Output,
    Progress,
    Quiet,
    Yes,
    confirm,
    print_list,
    print_one,
    say,
)

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the job.")]
Run = Annotated[str, typer.Argument(help="Id of the run.")]
Argument = Annotated[list[str] | None, typer.Option("--arg", help="KEY=VALUE for the script, any number of times.")]
LOG_POLL_SECONDS = 0.5


@app.command("create")
def create_job(
    name: Name,
    script: Annotated[Path, typer.Option(exists=True, dir_okay=False, readable=True, help="The PySpark script.")],
    engine: Annotated[str | None, typer.Option(help="sail (built in), spark or connect.")] = None,
    master: Annotated[str | None, typer.Option(help="Spark master, or the URL of a Spark Connect server.")] = None,
    output_table: Annotated[
        list[str] | None,
        typer.Option("--output", help="database.table=s3://bucket/prefix/ for files it writes; repeatable."),
    ] = None,
    arg: Argument = None,
    configuration: Annotated[list[str] | None, typer.Option("--conf", help="Spark setting KEY=VALUE.")] = None,
    timeout: Annotated[int | None, typer.Option(min=1, help="Seconds a run may take.")] = None,
    retries: Annotated[int | None, typer.Option(min=0, help="How often a failed run is tried again.")] = None,
    comment: Annotated[str | None, typer.Option(help="What it makes.")] = None,
    form: Annotated[Format | None, typer.Option("-o", help="How to print the job: table, json, jsonl or csv.")] = None,
    server: Server = None,
) -> None:
    """Create a job.

    \b
    Example: catalog jobs create delays --script delays.py --output reports.delays=s3://lake/delays/
    """
    try:
        text = script.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"--script {script}: {error}", 2) from error
    body = {
        "name": name,
        "script": text,
        "engine": engine,
        "master": master,
        "arguments": pairs(arg or [], "--arg"),
        "outputs": output_table or [],
        "configuration": pairs(configuration or [], "--conf"),
        "timeout_seconds": timeout,
        "retries_max": retries,
        "comment": comment,
    }
    print_one(connect(server).post("/jobs", body), form)


@app.command("run")
def run_job(
    name: Name,
    arg: Argument = None,
    engine: Annotated[str | None, typer.Option(help="Another engine than the job's own.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended; Ctrl-C cancels it.")] = False,
    quiet: Quiet = False,
    output: Output = None,
    server: Server = None,
) -> None:
    """Start a run; with --wait the exit code says how it ended.

    \b
    Example: catalog jobs run delays --arg year=2013 --wait
    """
    client = connect(server)
    run = client.post(path("jobs", name, "runs"), {"arguments": pairs(arg or [], "--arg"), "engine": engine})
    follow(client, run, f"job {name}", wait, quiet, output)


def follow(client: Client, run: dict[str, Any], label: str, wait: bool, quiet: bool, output: Format | None) -> None:
    """Print a run, with `wait` once it has ended; raises `Failure` with the exit code of one that did not succeed."""
    if wait:
        with Progress(label, quiet) as told:
            run = client.wait(path("runs", run["id"]), run, told)
    print_one(run, output)
    if run["state"] in ("FAILED", "CANCELLED", "TIMED_OUT"):
        words = run["error"] or f"see `catalog jobs logs {run['id']}`"
        state = run["state"].lower().replace("_", " ")
        raise Failure(f"run {run['id']} {state}: {words}", 6 if run["state"] == "TIMED_OUT" else 1)


@app.command("list")
def list_jobs(output: Output = None, server: Server = None) -> None:
    """List jobs.

    \b
    Example: catalog jobs list
    """
    print_list(connect(server).pages("/jobs"), ("name", "engine", "outputs", "comment"), output)


@app.command("show")
def show_job(name: Name, output: Output = None, server: Server = None) -> None:
    """Show one job with its script.

    \b
    Example: catalog jobs show delays
    """
    print_one(connect(server).get(path("jobs", name)), output)


@app.command("runs")
def list_runs(
    name: Annotated[str | None, typer.Argument(help="Only of this job.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    output: Output = None,
    server: Server = None,
) -> None:
    """List runs, newest first.

    \b
    Example: catalog jobs runs delays
    """
    items = connect(server).pages("/runs", limit, job=name)
    print_list(items, ("id", "job", "state", "engine", "started_at", "finished_at", "error"), output)


@app.command("logs")
def show_logs(
    run: Run,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    server: Server = None,
) -> None:
    """Print what a run wrote.

    \b
    Example: catalog jobs logs 01JABC -f
    """
    client = connect(server)
    offset = 0
    while True:
        piece = client.get(path("runs", run, "logs"), offset=offset)
        sys.stdout.write(piece["text"])
        sys.stdout.flush()
        moved, offset = piece["next_offset"] > offset, piece["next_offset"]
        if piece["complete"] or (not moved and not follow):
            return
        if not moved:
            _pause(client, run)


def _pause(client: Client, run: str) -> None:
    """Until there may be more of a log: the server holds the answer back while the run goes on."""
    if client.get(path("runs", run), wait_ms=int(LOG_POLL_SECONDS * 1000))["state"] not in RUNNING_STATES:
        time.sleep(0.05)


@app.command("cancel")
def cancel_run(run: Run, output: Output = None, server: Server = None) -> None:
    """Stop a run.

    \b
    Example: catalog jobs cancel 01JABC
    """
    print_one(connect(server).delete(path("runs", run)), output)


@app.command("drop")
def drop_job(name: Name, yes: Yes = False, server: Server = None) -> None:
    """Drop a job; the tables it wrote stay.

    \b
    Example: catalog jobs drop delays --yes
    """
    client = connect(server)
    confirm(f"Drop job {name}?", yes)
    client.delete(path("jobs", name))
    say(f"dropped job {name}")
