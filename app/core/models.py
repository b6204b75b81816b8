"""The declarative base and the column types that every model shares."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import BigInteger, DateTime, Identity
from sqlalchemy.orm import mapped_column

from app.extensions import db


class Base(db.Model):  # type: ignore[name-defined]  # Flask-SQLAlchemy builds it at run time
    """Base of all models; bound to the application's session and metadata."""

    __abstract__ = True


BigIntId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
BigInt = Annotated[int, mapped_column(BigInteger)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
