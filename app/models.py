"""Every model, so that migrations and tests see the whole schema whatever else is imported."""

from app.auth.models import SignInSession
from app.boards.models import Board, BoardColumn
from app.comments.models import Comment
from app.core.delivery_models import Delivery
from app.core.events import EventRecord, Stream, StreamEntry
from app.exchange.models import ImportFault, ImportFile, TaskImport
from app.notifications.models import Notification, NotificationPreference
from app.notifications.quiet_hours import QuietHours
from app.processes.models import Heartbeat
from app.projects.models import Project, ProjectMember
from app.ratelimits.models import RateLimitRecord
from app.reports.models import ReportJob, TaskCount
from app.schedule.models import ScheduledRun
from app.task_logs.models import TaskLog
from app.tasks.models import SavedFilter, Task
from app.users.models import User
from app.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookSecret

ALL = (
    Board,
    BoardColumn,
    Comment,
    Delivery,
    EventRecord,
    Heartbeat,
    ImportFault,
    ImportFile,
    Notification,
    NotificationPreference,
    Project,
    ProjectMember,
    QuietHours,
    RateLimitRecord,
    ReportJob,
    SavedFilter,
    ScheduledRun,
    SignInSession,
    Stream,
    StreamEntry,
    Task,
    TaskCount,
    TaskImport,
    TaskLog,
    User,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookSecret,
)
