"""Calling the Lambda function: at AWS where it is configured, else the handler in this process.

Only workers import this module: boto3 takes a quarter of a second and some 20 MB.
"""

import io
import json
import logging
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.config import Settings
from lambda_function import lambda_handler

log = logging.getLogger(__name__)

Payload = Mapping[str, Any]

_TIMEOUTS = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})


class LambdaError(Exception):
    """The function could not be called or failed; trying again later may work."""


class LambdaClient(Protocol):
    """Calls the function with a payload, or raises LambdaError."""

    def invoke(self, payload: Payload) -> None:
        """Call the function. Raises LambdaError."""


class AwsLambda:
    """Calls `AWS_LAMBDA_FUNCTION_NAME` and waits for its answer."""

    def __init__(self, settings: Settings) -> None:
        self.function = settings.AWS_LAMBDA_FUNCTION_NAME
        self.client = boto3.client(
            "lambda",
            region_name=settings.AWS_REGION,
            endpoint_url=settings.AWS_ENDPOINT_URL_LAMBDA or None,
            aws_access_key_id=settings.AWS_ACCESS_KEY_ID,
            aws_secret_access_key=settings.AWS_SECRET_ACCESS_KEY,
            aws_session_token=settings.AWS_SESSION_TOKEN or None,
            config=_TIMEOUTS,
        )

    def invoke(self, payload: Payload) -> None:
        """Call the function at AWS. Raises LambdaError, also where the function itself failed."""
        try:
            answer = self.client.invoke(
                FunctionName=self.function, Payload=json.dumps(payload).encode()
            )
        except (BotoCoreError, ClientError) as error:
            raise LambdaError(f"{type(error).__name__}: {error}") from error
        if "FunctionError" in answer:
            raise LambdaError(f"the function failed: {answer['FunctionError']}")


class LocalLambda:
    """Calls `lambda_function.lambda_handler` here and logs what it prints, as CloudWatch would."""

    def invoke(self, payload: Payload) -> None:
        """Call the handler."""
        printed = io.StringIO()
        with redirect_stdout(printed):
            lambda_handler(dict(payload), None)
        for line in printed.getvalue().splitlines():
            log.info("%s", line)


def make_lambda_client(settings: Settings) -> LambdaClient:
    """The client that the settings ask for: a function without credentials is called here."""
    has_credentials = settings.AWS_ACCESS_KEY_ID and settings.AWS_SECRET_ACCESS_KEY
    if settings.AWS_LAMBDA_FUNCTION_NAME and has_credentials:
        return AwsLambda(settings)
    return LocalLambda()
