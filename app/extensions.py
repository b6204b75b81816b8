"""The bare extension instances; `create_app` binds them. Imports no application code."""

from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData

# Constraint names are part of the error table (a conflict is recognised by its name) and of the
# migrations, so they are derived by rule and never left to the database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

db = SQLAlchemy(metadata=metadata, session_options={"expire_on_commit": False})
migrate = Migrate(compare_type=True)
jwt = JWTManager()
limiter = Limiter(key_func=get_remote_address)
socketio = SocketIO()
