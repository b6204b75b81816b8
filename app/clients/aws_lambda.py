"""The Lambda function at AWS; imported only where one is set, by a process that calls it."""

import base64
import json
from contextlib import closing, suppress

from botocore.exceptions import BotoCoreError, ClientError

from app.clients.aws import make_aws_client
from app.clients.functions import LambdaError, LambdaRefused, Payload
from app.config import Settings

_REFUSALS = {
    "InvalidRequestContentException",
    "RequestTooLargeException",
    "UnsupportedMediaTypeException",
}
"""What AWS says of a payload. Missing rights or a missing function can be mended: those wait."""
_MAX_EXPLANATION = 4096


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
