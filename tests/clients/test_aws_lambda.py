import ast
import json
import logging
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from botocore.config import Config

import lambda_function
from app.clients import aws as aws_module
from app.clients.aws_lambda import AwsLambda
from app.clients.functions import (
    LambdaError,
    LambdaRefused,
    LocalLambda,
    make_lambda_client,
)
from app.core.deliveries import Refused
from tests.clients.aws import FUNCTION, KEYS, Reply, failed, lambda_api, problem

PAYLOAD = {"task_title": "Ship it", "assigned_to": "ada", "task_id": 7}
HANDLER = Path(lambda_function.__file__)


@pytest.fixture
def aws():
    with lambda_api() as server:
        yield server


@pytest.fixture
def client(make_settings, aws):
    return make_lambda_client(make_settings(**aws.settings))


def test_the_function_at_aws_is_called_once_with_the_payload(client, aws):
    client.invoke(PAYLOAD, 41)

    assert isinstance(client, AwsLambda)
    assert aws.calls == [(f"/2015-03-31/functions/{FUNCTION}/invocations", PAYLOAD)]
    assert aws.contexts == [{"custom": {"event_id": 41}}]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AccessDeniedException"),
        (403, "ExpiredTokenException"),
        (404, "ResourceNotFoundException"),
        (400, "InvalidParameterValueException"),
        (429, "TooManyRequestsException"),
        (500, "ServiceException"),
        (502, "EC2UnexpectedException"),
        (503, "ServiceUnavailable"),
    ],
)
def test_what_can_be_mended_is_an_error_and_not_repeated_here(client, aws, status, code):
    aws.planned = [problem(status, code, "tell the operator")]

    with pytest.raises(LambdaError, match=rf"{code}.*tell the operator"):
        client.invoke(PAYLOAD, 1)
    assert len(aws.calls) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "InvalidRequestContentException"),
        (413, "RequestTooLargeException"),
        (415, "UnsupportedMediaTypeException"),
    ],
)
def test_a_payload_that_is_never_taken_is_refused_for_good(client, aws, status, code):
    aws.planned = [problem(status, code)]

    with pytest.raises(LambdaRefused, match=code):
        client.invoke(PAYLOAD, 1)
    assert issubclass(LambdaRefused, Refused)
    assert not issubclass(LambdaRefused, LambdaError)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (failed(errorType="NameError", errorMessage="no x"), "NameError: no x"),
        (failed(errorMessage="Task timed out after 3.00 seconds"), "Task timed out"),
        (Reply(200, {"X-Amz-Function-Error": "Handled"}, "just text"), "just text"),
        (Reply(200, {"X-Amz-Function-Error": "Handled"}, 7), "7"),
        (failed(errorMessage="x" * 100_000), "xxx"),
    ],
    ids=["raised", "timed out", "text", "number", "long"],
)
def test_an_error_of_the_function_is_an_error_in_its_words(client, aws, reply, said):
    aws.planned = [reply]

    with pytest.raises(LambdaError, match=f"the function failed: .*{said}") as error:
        client.invoke(PAYLOAD, 1)
    assert len(str(error.value)) < 5000


@pytest.mark.parametrize("reply", [Reply(hang=True), None], ids=["hangs", "nobody there"])
def test_an_endpoint_that_does_not_answer_is_an_error(make_settings, aws, reply, monkeypatch):
    quick = Config(connect_timeout=0.2, read_timeout=0.2, retries={"total_max_attempts": 1})
    monkeypatch.setattr(aws_module, "TIMEOUTS", quick)
    aws.planned = [reply] if reply else []
    there = {} if reply else {"AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:1"}
    client = make_lambda_client(make_settings(**{**aws.settings, **there}))

    with pytest.raises(LambdaError, match=r"ReadTimeoutError|EndpointConnectionError"):
        client.invoke(PAYLOAD, 1)


@pytest.mark.parametrize(
    "values",
    [
        {},
        KEYS,
        {"AWS_LAMBDA_FUNCTION_NAME": FUNCTION},
        {"AWS_LAMBDA_FUNCTION_NAME": FUNCTION, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"},
    ],
)
def test_without_a_function_and_credentials_the_handler_is_called_here(
    make_settings, values, caplog, capsys
):
    client = make_lambda_client(make_settings(**values))
    with caplog.at_level(logging.INFO, logger="app.clients"):
        client.invoke(PAYLOAD, 1)

    assert isinstance(client, LocalLambda)
    message = "Lambda Notification: Task 'Ship it' assigned to ada is now completed."
    assert [record.getMessage() for record in caplog.records] == [message]
    assert capsys.readouterr().out == ""


def test_the_function_needs_the_standard_library_only():
    modules = {
        name.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(HANDLER.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }

    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names


CALL = """
import json, sys
sys.path.insert(0, sys.argv[1])
from lambda_function import lambda_handler
print(json.dumps(lambda_handler(json.loads(sys.argv[2]), None)))
"""


def test_a_zip_of_the_one_file_can_be_deployed(tmp_path):
    """A bare interpreter, as at AWS, runs the handler from what docs/lambda.md uploads."""
    archive = tmp_path / "function.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(HANDLER, HANDLER.name)

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", CALL, archive, json.dumps(PAYLOAD)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    printed, answer = done.stdout.splitlines()
    message = "Task 'Ship it' assigned to ada is now completed."
    assert printed == f"Lambda Notification: {message}"
    assert json.loads(answer) == {"statusCode": 200, "body": json.dumps({"message": message})}
