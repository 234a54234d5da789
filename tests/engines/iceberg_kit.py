"""Iceberg's own compatibility kit for REST catalogs: JUnit classes out of its published artifacts, run against a server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.engines import maven, process
from tests.engines.spark import spark_engine

VERSION = "1.11.0"
CLASSES = ("RESTCompatibilityKitCatalogTests", "RESTCompatibilityKitViewCatalogTests")
ARTIFACTS = (
    f"org.apache.iceberg:iceberg-open-api:{VERSION}:tests",
    f"org.apache.iceberg:iceberg-open-api:{VERSION}:test-fixtures",
    f"org.apache.iceberg:iceberg-api:{VERSION}",
    f"org.apache.iceberg:iceberg-api:{VERSION}:tests",
    f"org.apache.iceberg:iceberg-core:{VERSION}",
    f"org.apache.iceberg:iceberg-core:{VERSION}:tests",
    f"org.apache.iceberg:iceberg-aws:{VERSION}",
    f"org.apache.iceberg:iceberg-aws-bundle:{VERSION}",
    "org.apache.hadoop:hadoop-client-api:3.4.3",
    "org.apache.hadoop:hadoop-client-runtime:3.4.3",
    "org.junit.jupiter:junit-jupiter:5.14.4",
    "org.junit.platform:junit-platform-console:1.14.4",
    "org.junit.platform:junit-platform-suite:1.14.4",
    "org.assertj:assertj-core:3.27.7",
    "org.awaitility:awaitility:4.3.0",
    "org.mockito:mockito-core:4.11.0",
    "org.eclipse.jetty.ee10:jetty-ee10-servlet:12.1.8",
    "org.eclipse.jetty.compression:jetty-compression-server:12.1.8",
    "org.eclipse.jetty.compression:jetty-compression-gzip:12.1.8",
    "org.xerial:sqlite-jdbc:3.53.0.0",
    "org.slf4j:slf4j-simple:2.0.17",
)


@dataclass(frozen=True, slots=True)
class Result:
    """How many of the tests passed and were left out, and what went wrong with those that failed, by their names."""

    passed: int
    skipped: int
    failed: Mapping[str, str]
    output: str


def run(uri: str, warehouse: str, timeout_seconds: float = 540) -> Result:
    """Run the kit against a catalog in which nobody else works; it makes and drops namespaces of fixed names."""
    java, classes = spark_engine().java_home, maven.libraries(f"iceberg-kit-{VERSION}", ARTIFACTS)
    folder = process.new_folder("iceberg-kit")
    settings = {
        "rck.local": "false",
        "rck.requires-namespace-create": "true",
        "requires-namespace-create": "true",
        "rck.uri": uri,
        "uri": uri,
        "rck.warehouse": warehouse,
        "warehouse": warehouse,
        "org.slf4j.simpleLogger.defaultLogLevel": "error",
    }
    command = [f"{java}/bin/java", "-Xmx1g", *(f"-D{name}={value}" for name, value in settings.items())]
    command += ["-cp", f"{classes}/*", "org.junit.platform.console.ConsoleLauncher", "execute"]
    for name in CLASSES:
        command += ["--select-class", f"org.apache.iceberg.rest.{name}"]
    command += ["--details=none", "--disable-banner", f"--reports-dir={folder / 'reports'}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAVA_")}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout_seconds, check=False
        )
        return _read(folder / "reports", done.stdout + done.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read(reports: Path, output: str) -> Result:
    from xml.etree import ElementTree

    passed, skipped, failed = 0, 0, {}
    for report in sorted(reports.glob("*.xml")):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            bad = next((found for kind in ("failure", "error") if (found := case.find(kind)) is not None), None)
            if bad is not None:
                name = f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}"
                failed[name] = (bad.get("message") or bad.get("type") or "").strip()
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    return Result(passed, skipped, failed, output)
