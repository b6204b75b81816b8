"""THE table: event → what follows from it. Nothing else ties an event to an effect.

`in_transaction` is committed with the change, `after_commit` is done before the answer leaves
(and again by the relay), `deliver` is what the relay hands to the workers. Sockets need no entry:
they follow the log itself.
"""

from app.comments.events import CommentCreated, CommentUpdated
from app.core.events import Reactions, ReactionTable
from app.notifications.handlers import (
    invoke_lambda,
    mail_assignee,
    mail_mentioned,
    mail_sla_breach,
)
from app.reports.handlers import count_task
from app.tasks.by_date import forget_day_of_task
from app.tasks.events import (
    TaskCreated,
    TaskDeleted,
    TaskRestored,
    TaskSlaBreached,
    TaskUpdated,
)

REACTIONS: ReactionTable = {
    TaskCreated: Reactions(
        in_transaction=[count_task],
        after_commit=[forget_day_of_task],
        deliver=[mail_assignee, invoke_lambda],
    ),
    TaskUpdated: Reactions(
        in_transaction=[count_task],
        after_commit=[forget_day_of_task],
        deliver=[mail_assignee, mail_sla_breach, invoke_lambda],
    ),
    TaskSlaBreached: Reactions(
        in_transaction=[count_task],
        after_commit=[forget_day_of_task],
        deliver=[mail_sla_breach],
    ),
    TaskDeleted: Reactions(in_transaction=[count_task], after_commit=[forget_day_of_task]),
    TaskRestored: Reactions(in_transaction=[count_task], after_commit=[forget_day_of_task]),
    CommentCreated: Reactions(deliver=[mail_mentioned]),
    CommentUpdated: Reactions(deliver=[mail_mentioned]),
}
