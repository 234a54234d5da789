"""Marks of folders in S3: empty objects whose key ends in a slash. Hadoop and Spark want one where a table is to be,
and obstore cannot name such a key, so these few requests are signed here (AWS Signature Version 4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

KEYS_PER_REQUEST = 1000


class FolderMarks:
    """Puts and deletes marks, with the keys of a storage profile or of the environment.

    Without either (a machine's role, an anonymous profile) nothing is done: marks are a help to Hadoop, not needed here.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        named = bool(options.get("endpoint") or options.get("access_key_id"))
        found = options if named else _from_environment()
        self._key = found.get("access_key_id", "")
        self._secret = found.get("secret_access_key", "")
        self._token = found.get("session_token", "")
        self._region = found.get("region") or "us-east-1"
        self._endpoint = (found.get("endpoint") or f"https://s3.{self._region}.amazonaws.com").rstrip("/")
        self._virtual_host = options.get("path_style") == "false"

    def put(self, bucket: str, folder: str) -> None:
        """Mark a folder. Raises OSError with the store's status, `FileNotFoundError` for a bucket that is not there."""
        if self._key:
            self._send("PUT", bucket, f"{folder}/")

    def delete(self, bucket: str, folders: Sequence[str]) -> None:
        """Take marks away; folders without one are no error. Raises OSError."""
        for start in range(0, len(folders) if self._key else 0, KEYS_PER_REQUEST):
            keys = "".join(
                f"<Object><Key>{escape(folder)}/</Key></Object>" for folder in folders[start : start + KEYS_PER_REQUEST]
            )
            self._send("POST", bucket, "", "delete=", f"<Delete><Quiet>true</Quiet>{keys}</Delete>".encode())

    def _send(self, method: str, bucket: str, key: str, query: str = "", body: bytes = b"") -> None:
        base = urlsplit(self._endpoint)
        host = f"{bucket}.{base.netloc}" if self._virtual_host else base.netloc
        path = quote(f"/{key}" if self._virtual_host else f"/{bucket}/{key}", safe="/-_.~")
        digest = hashlib.sha256(body).hexdigest()
        md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {"content-md5": md5, "host": host, "x-amz-content-sha256": digest, "x-amz-date": at}
        if self._token:
            headers["x-amz-security-token"] = self._token
        headers["authorization"] = self._authorization(method, path, query, headers, digest, at)
        kind = HTTPSConnection if base.scheme == "https" else HTTPConnection
        connection = kind(host, timeout=5)
        try:
            connection.request(method, f"{path}?{query}" if query else path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()
        if answer.status == HTTPStatus.NOT_FOUND:
            raise FileNotFoundError("NoSuchBucket")
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise OSError(f"non-2xx status code: {answer.status} {answer.reason} ")

    def _authorization(
        self, method: str, path: str, query: str, headers: Mapping[str, str], digest: str, at: str
    ) -> str:
        signed = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{digest}"
        scope = f"{at[:8]}/{self._region}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self._secret}".encode()
        for part in (at[:8], self._region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        return f"AWS4-HMAC-SHA256 Credential={self._key}/{scope}, SignedHeaders={signed}, Signature={signature}"


def _from_environment() -> dict[str, str]:
    names = {
        "access_key_id": ("AWS_ACCESS_KEY_ID",),
        "secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
        "session_token": ("AWS_SESSION_TOKEN",),
        "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
        "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    }
    return {
        option: value
        for option, tried in names.items()
        if (value := next(filter(None, map(os.environ.get, tried)), ""))
    }
