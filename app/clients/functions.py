"""Calling the Lambda function: at AWS where it is configured, else the handler in this process."""

import base64
import io
import json
import logging
from collections.abc import Mapping
from contextlib import closing, redirect_stdout, suppress
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from app.clients.aws import has_credentials, make_aws_client
from app.config import Settings
from app.core.deliveries import Refused
from lambda_function import lambda_handler

log = logging.getLogger(__name__)

Payload = Mapping[str, Any]

_REFUSALS = {
    "InvalidRequestContentException",
    "RequestTooLargeException",
    "UnsupportedMediaTypeException",
}
"""What AWS says of a payload. Missing rights or a missing function can be mended: those wait."""
_MAX_EXPLANATION = 4096


class LambdaError(Exception):
    """The function could not be called or failed; trying again later may work."""


class LambdaRefused(Refused):
    """The payload will never be taken."""


class LambdaClient(Protocol):
    """Calls the function with a payload, or raises LambdaError or LambdaRefused.

    `event_id` is the same whenever the call has to be repeated; a function finds it in its context
    as `client_context.custom["event_id"]` and can tell by it what it has done before.
    """

    def invoke(self, payload: Payload, event_id: int) -> None:
        """Call the function. Raises LambdaError, LambdaRefused."""


class AwsLambda:
    """Calls `AWS_LAMBDA_FUNCTION_NAME` and waits for its answer."""

    def __init__(self, settings: Settings) -> None:
        self.function = settings.AWS_LAMBDA_FUNCTION_NAME
        self.client = make_aws_client("lambda", settings, settings.AWS_ENDPOINT_URL_LAMBDA)

    def invoke(self, payload: Payload, event_id: int) -> None:
        """Call the function at AWS.

        Raises LambdaError, also where the function itself failed, and LambdaRefused.
        """
        try:
            answer = self.client.invoke(
                FunctionName=self.function,
                Payload=json.dumps(payload).encode(),
                ClientContext=_context(event_id),
            )
            with closing(answer["Payload"]) as said:
                explanation = said.read(_MAX_EXPLANATION) if "FunctionError" in answer else b""
        except ClientError as error:
            refused = error.response["Error"]["Code"] in _REFUSALS
            raise (LambdaRefused if refused else LambdaError)(str(error)) from error
        except BotoCoreError as error:
            raise LambdaError(f"{type(error).__name__}: {error}") from error
        if "FunctionError" in answer:
            raise LambdaError(f"the function failed: {_in_words(explanation)}")


class LocalLambda:
    """Calls `lambda_function.lambda_handler` here and logs what it prints, as CloudWatch would."""

    def invoke(self, payload: Payload, event_id: int) -> None:
        """Call the handler."""
        printed = io.StringIO()
        with redirect_stdout(printed):
            lambda_handler(dict(payload), None)
        for line in printed.getvalue().splitlines():
            log.info("%s", line)


def make_lambda_client(settings: Settings) -> LambdaClient:
    """The client that the settings ask for: a function without credentials is called here."""
    if settings.AWS_LAMBDA_FUNCTION_NAME and has_credentials(settings):
        return AwsLambda(settings)
    return LocalLambda()


def _context(event_id: int) -> str:
    return base64.b64encode(json.dumps({"custom": {"event_id": event_id}}).encode()).decode()


def _in_words(explanation: bytes) -> str:
    """What Lambda says of an error in a function: its type and its text, where it is as usual."""
    with suppress(ValueError):
        match json.loads(explanation):
            case {"errorType": kind, "errorMessage": text}:
                return f"{kind}: {text}"
            case {"errorMessage": text}:
                return str(text)
    return explanation.decode(errors="replace")
