"""THE table: event → what follows from it. Nothing else ties an event to an effect.

`follow_up` changes what else has to change and `in_transaction` keeps what is counted, both in the
same transaction or not at all; `after_commit` is done before the answer leaves
(and again by the relay), `deliver` is what the relay hands to the workers. Sockets need no entry:
they follow the log itself.
"""

from app.boards.events import BoardDeleted
from app.boards.handlers import make_first_board
from app.comments.events import CommentCreated, CommentUpdated
from app.core.events import Event, Reactions, ReactionTable
from app.notifications.events import MailTestAsked, SummaryDue
from app.notifications.handlers import (
    invoke_lambda,
    notify_of_comment,
    notify_of_day,
    notify_of_membership,
    notify_of_task,
    send_test,
)
from app.projects.events import MemberAdded, MemberRemoved, ProjectCreated, ProjectDeleted
from app.projects.handlers import join_default_project
from app.reports.handlers import count_tasks, forget_counts
from app.tasks.by_date import forget_days_of_tasks
from app.tasks.events import (
    TaskCreated,
    TaskDeleted,
    TaskDueSoon,
    TaskRestored,
    TaskSlaBreached,
    TaskUpdated,
)
from app.tasks.handlers import (
    delete_tasks_of_project,
    forget_every_day,
    refuse_while_it_has_tasks,
    unassign_former_member,
)
from app.users.events import UserRegistered
from app.webhooks.events import WebhookDisabled
from app.webhooks.handlers import owe_webhooks, tell_of_disabled

REACTIONS: ReactionTable = {
    # Of every event, after what follows from its own type.
    Event: Reactions(deliver=[owe_webhooks]),
    WebhookDisabled: Reactions(deliver=[tell_of_disabled]),
    UserRegistered: Reactions(follow_up=[join_default_project]),
    ProjectCreated: Reactions(follow_up=[make_first_board]),
    BoardDeleted: Reactions(follow_up=[refuse_while_it_has_tasks]),
    MemberAdded: Reactions(deliver=[notify_of_membership]),
    MemberRemoved: Reactions(follow_up=[unassign_former_member]),
    ProjectDeleted: Reactions(
        follow_up=[delete_tasks_of_project],
        in_transaction=[forget_counts],
        after_commit=[forget_every_day],
    ),
    TaskCreated: Reactions(
        in_transaction=[count_tasks],
        after_commit=[forget_days_of_tasks],
        deliver=[notify_of_task, invoke_lambda],
    ),
    TaskUpdated: Reactions(
        in_transaction=[count_tasks],
        after_commit=[forget_days_of_tasks],
        deliver=[notify_of_task, invoke_lambda],
    ),
    TaskSlaBreached: Reactions(
        in_transaction=[count_tasks],
        after_commit=[forget_days_of_tasks],
        deliver=[notify_of_task],
    ),
    TaskDueSoon: Reactions(deliver=[notify_of_task]),
    CommentCreated: Reactions(deliver=[notify_of_comment]),
    CommentUpdated: Reactions(deliver=[notify_of_comment]),
    SummaryDue: Reactions(deliver=[notify_of_day]),
    MailTestAsked: Reactions(deliver=[send_test]),
    TaskDeleted: Reactions(in_transaction=[count_tasks], after_commit=[forget_days_of_tasks]),
    TaskRestored: Reactions(in_transaction=[count_tasks], after_commit=[forget_days_of_tasks]),
}
