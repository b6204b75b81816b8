import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue

from app.config import explicit_settings
from app.web.routes import bp
from app.web.security_headers import init_security_headers


def make_app(**values: object) -> Flask:
    """An application with nothing but the pages: they need no database."""
    names: dict[str, object] = {
        "DATABASE_URL": "postgresql://u:p@db/tasks",
        "REDIS_URL": "redis://redis:6379/0",
        "SECRET_KEY": "kR3vX9_qLm2ZtB7wYc5NdH8sJf1GpA4u-eQ6",
        "JWT_SECRET_KEY": "Wn8Zs4Kc1Vx6Fb3Qj9Ty2Lm7Rd5Hg0Pa-uE_",
    }
    app = Flask("sample", static_folder=None)
    app.config.update(explicit_settings(**names, **values).flask_config(), TESTING=True)
    init_security_headers(app)
    app.register_blueprint(bp)

    @app.get("/api/v1/sample/")
    def sample() -> ResponseReturnValue:
        own = request.args.get("cache")
        return {"a": 1}, 200, {"Cache-Control": own} if own else {}

    return app


@pytest.fixture
def client() -> FlaskClient:
    return make_app().test_client()


@pytest.fixture
def production_client() -> FlaskClient:
    return make_app(ENVIRONMENT="production").test_client()
