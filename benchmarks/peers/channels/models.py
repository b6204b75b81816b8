"""Projects with members, and tasks; one table each."""

from django.conf import settings
from django.db import models


class Token(models.Model):
    """The token of a user."""

    key = models.CharField(max_length=40, primary_key=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)


class Project(models.Model):
    """A project."""

    name = models.CharField(max_length=200)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership")


class Membership(models.Model):
    """That somebody takes part in a project."""

    project = models.ForeignKey(Project, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "user"], name="one_membership"),)


class Task(models.Model):
    """A task, in a project or shared by two people."""

    title = models.CharField(max_length=200)
    description = models.TextField(default="")
    priority = models.CharField(max_length=10, default="MEDIUM")
    status = models.CharField(max_length=20, default="TODO")
    project = models.ForeignKey(Project, models.CASCADE, null=True)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="reported"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="assigned"
    )
    due_date = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)


class Comment(models.Model):
    """What somebody said about a task."""

    task = models.ForeignKey(Task, models.CASCADE)
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
