"""The processes behind the web: the relay, the Celery worker and its clock."""
