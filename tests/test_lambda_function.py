import ast
import json
import sys
from pathlib import Path

import lambda_function
from lambda_function import lambda_handler


def test_it_logs_and_returns_the_documented_message(capsys):
    answer = lambda_handler({"task_title": "Example Task", "assigned_to": "John Doe"}, None)

    message = "Task 'Example Task' assigned to John Doe is now completed."
    assert answer == {"statusCode": 200, "body": json.dumps({"message": message})}
    assert capsys.readouterr().out == f"Lambda Notification: {message}\n"


def test_what_is_missing_has_the_documented_names():
    body = json.loads(lambda_handler({}, None)["body"])

    assert body["message"] == "Task 'Unknown Task' assigned to Unassigned is now completed."


def test_it_needs_the_standard_library_only():
    tree = ast.parse(Path(lambda_function.__file__).read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }

    assert imported <= sys.stdlib_module_names
