"""Finished reports in an S3 bucket; imported only where one is set."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.clients.aws import make_aws_client
from app.clients.storage import CHUNK, Missing, StorageError, Stored
from app.config import Settings

PREFIX = "reports/"

# A part that fails is sent again, rather than the whole report made again.
_PATIENT = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3})
_ERRORS = (BotoCoreError, ClientError, Boto3Error, OSError)
_ABSENT = {"NoSuchKey", "404"}


class S3Storage:
    """Keeps files in `REPORTS_S3_BUCKET`; large ones go there in parts, which S3 makes one."""

    def __init__(self, settings: Settings) -> None:
        self.bucket = settings.REPORTS_S3_BUCKET
        self.client = make_aws_client("s3", settings, settings.AWS_ENDPOINT_URL_S3, _PATIENT)

    def put(self, name: str, path: Path) -> None:
        """Upload `path`. Raises StorageError."""
        try:
            with path.open("rb") as file:
                self.client.upload_fileobj(file, self.bucket, PREFIX + name)
        except _ERRORS as error:
            raise _storage_error(error) from error

    def read(self, name: str) -> Iterator[bytes]:
        """The content in pieces, as it comes. Raises Missing, StorageError."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=PREFIX + name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                raise Missing(name) from None
            raise _storage_error(error) from error
        except _ERRORS as error:
            raise _storage_error(error) from error
        return _pieces(answer["Body"])

    def remove(self, name: str) -> None:
        """Delete the object. Raises StorageError."""
        try:
            self.client.delete_object(Bucket=self.bucket, Key=PREFIX + name)
        except _ERRORS as error:
            raise _storage_error(error) from error

    def all(self) -> Iterator[Stored]:
        """Every object under the prefix. Raises StorageError."""
        pages = self.client.get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self.bucket, Prefix=PREFIX):
                for found in page.get("Contents", ()):
                    yield Stored(found["Key"].removeprefix(PREFIX), found["LastModified"])
        except _ERRORS as error:
            raise _storage_error(error) from error


def _pieces(body: Any) -> Iterator[bytes]:
    with body:
        yield from body.iter_chunks(CHUNK)


def _storage_error(error: Exception) -> StorageError:
    return StorageError(f"S3: {type(error).__name__}: {error}")
