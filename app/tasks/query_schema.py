"""The parameters of the list of tasks: filters, search, order, page."""

from marshmallow import fields, validate

from app.core.fields import Id, Text, Whole
from app.core.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE, MAX_PAGE_SIZE
from app.core.query import QuerySchema
from app.tasks import filters, search


class PageQuerySchema(QuerySchema):
    """Which page: by number, or by the cursor of a `next` or `previous` link."""

    page = Whole(1, MAX_PAGE, error=f"must be 1 to {MAX_PAGE}; to go further follow the next links")
    page_size = Whole(1, MAX_PAGE_SIZE, load_default=DEFAULT_PAGE_SIZE)
    cursor = fields.String(validate=validate.Length(max=2000))


class FilterSchema(QuerySchema.from_dict(filters.parameters(), name="ColumnFilterSchema")):  # type: ignore[misc]  # a class made at run time
    """Filters; they are combined with AND, several values of one with OR."""

    involves = filters.Person(metadata={"description": "Is the reporter or the assignee."})
    overdue = fields.Boolean(metadata={"description": "Open and past the due date."})
    sla_breached = fields.Boolean()
    search = Text(
        min_length=1,
        max_length=search.MAX_LENGTH,
        metadata={
            "description": "Words in title, description or comments; a word also finds longer ones "
            'that begin with it. `"a phrase"`, `-without`, `this or that`.'
        },
    )
    ordering = fields.String(
        validate=validate.Length(1, 200),
        metadata={
            "description": "Comma list of fields, `-` for descending; default -created_at, with "
            "search relevance."
        },
    )


class TaskQuerySchema(FilterSchema, PageQuerySchema):
    """Which tasks, in which order, and which page of them."""

    filter = Id(metadata={"description": "A saved filter; other parameters count before its own."})
