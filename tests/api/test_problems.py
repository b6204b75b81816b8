"""Every error says where it is explained."""

from app.core.errors import kinds_of_error


def test_every_kind_of_problem_has_a_page(client):
    for code, kind in kinds_of_error().items():
        answer = client.get(f"/problems/{code}")
        assert (answer.status_code, answer.mimetype) == (200, "text/html"), code
        assert kind.__doc__.split()[0] in answer.text
    unknown = client.get("/problems/no-such-thing")
    assert (unknown.status_code, unknown.mimetype) == (404, "application/problem+json")


def test_the_type_of_an_error_is_a_page_that_explains_it(client):
    problem = client.get("/api/v1/tasks/").json

    assert problem["type"] == "/problems/unauthenticated"
    assert client.get(problem["type"]).status_code == 200


def test_a_limit_that_is_used_up_says_which_and_how_long_to_wait(app, ada, monkeypatch):
    few = app.config["SETTINGS"].model_copy(update={"THROTTLE_USER_RATE": "2/minute"})
    monkeypatch.setitem(app.config, "SETTINGS", few)
    answers = [ada.get("/api/v1/tasks/") for _ in range(3)]

    assert answers[-1].status_code == 429
    assert answers[-1].json["type"] == "/problems/too-many-requests"
    assert answers[-1].json["detail"].startswith("The limit of 2 per 1 minute is used up")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
