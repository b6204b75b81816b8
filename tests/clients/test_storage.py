import subprocess
import sys
from pathlib import Path

import pytest

from app.clients.s3 import S3Storage
from app.clients.storage import DiskStorage, Missing, StorageError, make_storage
from tests.clients import s3

ROOT = Path(__file__).parents[2]
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "abc"}


@pytest.fixture
def bucket():
    with s3.serving() as server:
        yield server


@pytest.fixture(params=["disk", "s3"])
def storage(request, make_settings, bucket):
    if request.param == "disk":
        return make_storage(make_settings())
    return make_storage(
        make_settings(REPORTS_S3_BUCKET="mine", AWS_ENDPOINT_URL_S3=bucket.url, **KEYS)
    )


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "made"
    path.write_bytes(b"some content")
    return path


def test_the_settings_choose(make_settings):
    folder = make_storage(make_settings())
    bucket = make_storage(make_settings(REPORTS_S3_BUCKET="mine", **KEYS))

    assert isinstance(folder, DiskStorage)
    assert folder.folder.name == "reports"
    assert isinstance(bucket, S3Storage)
    assert bucket.bucket == "mine"


def test_a_file_is_kept_listed_read_and_removed(storage, file):
    assert list(storage.all()) == []
    storage.put("1-1.csv", file)

    assert b"".join(storage.read("1-1.csv")) == b"some content"
    assert [each.name for each in storage.all()] == ["1-1.csv"]
    assert all(each.stored_at.tzinfo for each in storage.all())
    storage.remove("1-1.csv")
    storage.remove("1-1.csv")
    assert list(storage.all()) == []


def test_what_is_not_there_is_missing_before_anything_is_read(storage):
    with pytest.raises(Missing):
        storage.read("2-1.csv")


def test_a_large_file_goes_to_the_bucket_in_parts(make_settings, bucket, tmp_path):
    storage = S3Storage(
        make_settings(REPORTS_S3_BUCKET="mine", AWS_ENDPOINT_URL_S3=bucket.url, **KEYS)
    )
    path = tmp_path / "large"
    content = bytes(range(256)) * 40_000  # 10 MB; a part has 8 MB
    path.write_bytes(content)

    storage.put("3-1.xlsx", path)

    assert bucket.objects == {"/mine/reports/3-1.xlsx": content}
    assert bucket.asked[0] == "POST uploads"
    assert bucket.asked.count("PUT partNumber") == 2
    pieces = list(storage.read("3-1.xlsx"))
    assert len(pieces) > 100
    assert b"".join(pieces) == content


@pytest.mark.parametrize("status", [403, 500])
def test_a_bucket_that_refuses_is_a_storage_error(make_settings, bucket, file, status):
    bucket.status = status
    storage = S3Storage(
        make_settings(REPORTS_S3_BUCKET="mine", AWS_ENDPOINT_URL_S3=bucket.url, **KEYS)
    )

    for action in (
        lambda: storage.put("1-1.csv", file),
        lambda: storage.read("1-1.csv"),
        lambda: storage.remove("1-1.csv"),
        lambda: list(storage.all()),
    ):
        with pytest.raises(StorageError, match=r"S3: \w+") as refused:
            action()
        assert not isinstance(refused.value, Missing)


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path, file):
    (tmp_path / "taken").touch()
    storage = DiskStorage(tmp_path / "taken")

    with pytest.raises(StorageError, match="taken"):
        storage.put("1-1.csv", file)
    with pytest.raises(StorageError):
        storage.read("1-1.csv")
    assert list(storage.all()) == []


def test_the_web_process_loads_neither_aws_nor_what_draws():
    code = (
        "import sys, app; print([name for name in ('boto3', 'reportlab', 'xlsxwriter')"
        " if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
