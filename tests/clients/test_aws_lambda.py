import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from app.clients.aws_lambda import AwsLambda, LambdaError, LocalLambda, make_lambda_client

PAYLOAD = {"task_title": "Ship it", "assigned_to": "ada", "task_id": 7}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "abc"}


class StandIn(ThreadingHTTPServer):
    """Answers as the Lambda API does, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls = []
        self.status = 200
        self.headers = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def aws() -> Iterator[StandIn]:
    server = StandIn()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(make_settings, aws):
    return make_lambda_client(
        make_settings(
            AWS_LAMBDA_FUNCTION_NAME="task-notification", AWS_ENDPOINT_URL_LAMBDA=aws.url, **KEYS
        )
    )


def test_the_function_at_aws_is_called_once_with_the_payload(client, aws):
    client.invoke(PAYLOAD)

    assert isinstance(client, AwsLambda)
    assert aws.calls == [("/2015-03-31/functions/task-notification/invocations", PAYLOAD)]


def test_an_error_of_aws_is_not_repeated_here(client, aws):
    aws.status = 503

    with pytest.raises(LambdaError, match="503"):
        client.invoke(PAYLOAD)
    assert len(aws.calls) == 1


def test_an_error_of_the_function_is_an_error(client, aws):
    aws.headers = {"X-Amz-Function-Error": "Unhandled"}

    with pytest.raises(LambdaError, match="Unhandled"):
        client.invoke(PAYLOAD)


@pytest.mark.parametrize(
    "values",
    [
        {},
        KEYS,
        {"AWS_LAMBDA_FUNCTION_NAME": "task-notification"},
        {"AWS_LAMBDA_FUNCTION_NAME": "task-notification", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"},
    ],
)
def test_without_a_function_and_credentials_the_handler_is_called_here(
    make_settings, values, caplog, capsys
):
    client = make_lambda_client(make_settings(**values))
    with caplog.at_level(logging.INFO, logger="app.clients"):
        client.invoke(PAYLOAD)

    assert isinstance(client, LocalLambda)
    message = "Lambda Notification: Task 'Ship it' assigned to ada is now completed."
    assert [record.getMessage() for record in caplog.records] == [message]
    assert capsys.readouterr().out == ""
