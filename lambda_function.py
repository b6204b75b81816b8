"""The AWS Lambda function that announces a completed task; needs the standard library only.

Deploy this one file with the handler `lambda_function.lambda_handler`.
"""

import json
from typing import Any


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Log that a task is completed; `event` holds `task_title` and `assigned_to`."""
    task_title = event.get("task_title", "Unknown Task")
    assigned_to = event.get("assigned_to", "Unassigned")

    message = f"Task '{task_title}' assigned to {assigned_to} is now completed."

    print(f"Lambda Notification: {message}")  # noqa: T201 - CloudWatch logs what is printed

    return {"statusCode": 200, "body": json.dumps({"message": message})}
