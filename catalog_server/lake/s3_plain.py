"""The few S3 requests for keys that obstore cannot name: those with control characters, or parts that are empty or dots.

One such key would otherwise keep a whole bucket from being listed. They need plain keys, of a storage profile or of the
environment; with a machine's role they cannot be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, quote, unquote_plus, urlencode, urlsplit
from xml.etree import ElementTree

from catalog_server.lake.files import Entry
from catalog_server.lake.s3_signature import signed_headers

_TIMEOUT_SECONDS = 60.0
_REDIRECTS, _NOT_FOUND, _BEYOND, _SERVER_ERRORS = 300, 404, 416, 500
_ATTEMPTS = 3


class PlainS3:
    """Lists and reads a bucket. Raises OSError with the store's status, FileNotFoundError for what is not there."""

    def __init__(self, bucket: str, options: Mapping[str, str]) -> None:
        """`options` as those of `S3FileSystem`, with keys."""
        self._keys = options
        self._region = options.get("region") or "us-east-1"
        base = urlsplit(options.get("endpoint") or f"https://s3.{self._region}.amazonaws.com")
        virtual = options.get("path_style") == "false"
        self._host = f"{bucket}.{base.netloc}" if virtual else base.netloc
        self._path = "/" if virtual else f"/{bucket}/"
        self._kind = HTTPSConnection if base.scheme == "https" else HTTPConnection
        self._scheme = base.scheme

    def list(self, prefix: str, after: str = "") -> Iterator[Sequence[Entry]]:
        """Pages of all objects below a prefix that come after a key, with whole keys as paths."""
        for _, page in self._pages({"prefix": prefix, **({"start-after": after} if after else {})}):
            yield page

    def folder(self, prefix: str) -> tuple[Sequence[str], Sequence[Entry]]:
        """What is directly below a prefix: other prefixes, and objects."""
        folders: list[str] = []
        objects: list[Entry] = []
        for below, page in self._pages({"prefix": prefix, "delimiter": "/"}):
            folders += below
            objects += page
        return folders, objects

    def _pages(self, said: Mapping[str, str]) -> Iterator[tuple[Sequence[str], Sequence[Entry]]]:
        query = {"list-type": "2", "encoding-type": "url", **said}
        while True:
            page = ElementTree.fromstring(self._get("", query, {})[1])
            tag = page.tag[: page.tag.index("}") + 1] if page.tag.startswith("{") else ""
            found = page.findall(f"{tag}CommonPrefixes/{tag}Prefix")
            yield [unquote_plus(one.text or "") for one in found], [_entry(o, tag) for o in page.iter(f"{tag}Contents")]
            token = page.findtext(f"{tag}NextContinuationToken")
            if page.findtext(f"{tag}IsTruncated") != "true" or not token:
                return
            query["continuation-token"] = token

    def read(self, key: str, start: int, length: int | None) -> bytes:
        """Bytes of an object, fewer or none where it ends before."""
        if length is not None and length <= 0:
            return b""
        end = "" if length is None else str(start + length - 1)
        return self._get(key, {}, {"Range": f"bytes={start}-{end}"} if start or end else {})[1]

    def head(self, key: str) -> Entry:
        """Size, etag and time of an object."""
        answer, _ = self._get(key, {}, {}, "HEAD")
        at = parsedate_to_datetime(answer.getheader("Last-Modified", ""))
        size = int(answer.getheader("Content-Length", "0"))
        return key, size, answer.getheader("ETag", "").strip('"'), int(at.timestamp() * 1000)

    def _get(
        self, key: str, query: Mapping[str, str], headers: Mapping[str, str], method: str = "GET"
    ) -> tuple[HTTPResponse, bytes]:
        path = self._path + quote(key, safe="/-_.~")
        asked = urlencode(query, quote_via=quote)
        url = urlsplit(f"{self._scheme}://{self._host}{path}{'?' if asked else ''}{asked}")
        for attempt in range(_ATTEMPTS):
            sent = self._signed(method, url, headers) or dict(headers)
            connection = self._kind(self._host, timeout=_TIMEOUT_SECONDS)
            try:
                connection.request(method, f"{path}{'?' if asked else ''}{asked}", headers=sent)
                answer = connection.getresponse()
                body = answer.read()
            except (HTTPException, OSError) as error:
                if attempt + 1 == _ATTEMPTS:
                    raise OSError(str(error)) from error
                continue
            finally:
                connection.close()
            if answer.status < _SERVER_ERRORS or attempt + 1 == _ATTEMPTS:
                break
        if answer.status == _NOT_FOUND:
            raise FileNotFoundError(body[:200].decode("utf-8", "replace"))
        if answer.status == _BEYOND:
            return answer, b""
        if answer.status >= _REDIRECTS:
            raise OSError(f"non-2xx status code: {answer.status} {answer.reason} ")
        return answer, body

    def _signed(self, method: str, url: SplitResult, headers: Mapping[str, str]) -> dict[str, str]:
        if not self._keys.get("access_key_id"):
            return {}
        return signed_headers(method, url, headers, self._keys, self._region)


def _entry(found: ElementTree.Element, tag: str) -> Entry:
    etag = (found.findtext(f"{tag}ETag") or "").strip('"')
    at = int(datetime.fromisoformat(found.findtext(f"{tag}LastModified") or "1970-01-01T00:00:00Z").timestamp() * 1000)
    return (
        unquote_plus(found.findtext(f"{tag}Key") or ""),
        int(found.findtext(f"{tag}Size") or 0),
        etag or f"{at:x}",
        at,
    )
