"""Every model, so that migrations and tests see the whole schema whatever else is imported."""

from app.auth.models import SignInSession
from app.core.deliveries import Delivery
from app.core.events import EventRecord, Stream, StreamEntry
from app.reports.models import TaskCount
from app.tasks.models import Task
from app.users.models import User

ALL = (Delivery, EventRecord, SignInSession, Stream, StreamEntry, Task, TaskCount, User)
