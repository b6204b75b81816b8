"""The pages for those who come from another API name every path and every field."""

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {
    "classic": ("classic.md", "ClassicTask"),
    "flask_api": ("flask-api.md", "FlaskTask"),
    "management_system": ("management-system.md", "ManagedTask"),
}


@pytest.mark.parametrize("tag", PAGES)
def test_a_page_names_every_path_parameter_and_field(tag):
    document = json.loads((DOCS / "openapi.json").read_text())
    name, schema = PAGES[tag]
    page = (DOCS / "dialects" / name).read_text()
    words = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL)))
    mine = {
        path: operations
        for path, operations in document["paths"].items()
        if any(tag in each.get("tags", ()) for each in operations.values() if "tags" in each)
    }

    assert mine
    for path, operations in mine.items():
        assert any(path in word for word in words), f"{name} does not tell of {path}"
        for operation in operations.values():
            for parameter in operation.get("parameters", []) if "tags" in operation else []:
                if parameter["in"] == "query":
                    assert parameter["name"] in words, f"{name}: {parameter['name']}"
    fields = document["components"]["schemas"][schema]["properties"]
    assert set(fields) <= words, f"{name} misses {set(fields) - words}"


def test_every_adapter_is_marked_as_one():
    document = json.loads((DOCS / "openapi.json").read_text())
    described = {tag["name"]: tag["description"] for tag in document["tags"]}

    assert all(described[tag].startswith("Dialect of /api/v1") for tag in PAGES)
