"""Speaking to AWS: one key for all of it, and no call that hangs or is repeated unseen.

Only workers and commands import this module: boto3 takes a quarter of a second and some 20 MB.
"""

from typing import Any

import boto3
from botocore.config import Config

from app.config import Settings

TIMEOUTS = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})


def make_aws_client(
    service: str, settings: Settings, endpoint: str, config: Config = TIMEOUTS
) -> Any:
    """A boto3 client of `service`, at `endpoint` where it is not empty.

    Without a key boto3 looks for the rights of the machine.
    """
    return boto3.client(
        service,
        region_name=settings.AWS_REGION,
        endpoint_url=endpoint or None,
        aws_access_key_id=settings.AWS_ACCESS_KEY_ID or None,
        aws_secret_access_key=settings.AWS_SECRET_ACCESS_KEY or None,
        aws_session_token=settings.AWS_SESSION_TOKEN or None,
        config=config,
    )
