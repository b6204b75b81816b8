"""Calling the Lambda function: at AWS where it is configured, else the handler in this process."""

import io
import logging
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any, Protocol, cast

from werkzeug.utils import import_string

from app.config import Settings
from app.core.deliveries import Refused
from lambda_function import lambda_handler

log = logging.getLogger(__name__)

Payload = Mapping[str, Any]

AWS_LAMBDA = "app.clients.aws_lambda:AwsLambda"
"""By its name, so that only a process that calls the function at AWS pays for boto3."""


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
    if settings.AWS_LAMBDA_FUNCTION_NAME and settings.has_aws_key:
        return cast(LambdaClient, import_string(AWS_LAMBDA)(settings))
    return LocalLambda()
