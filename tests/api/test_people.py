"""Who sees whom, and how much of them."""

USERS = "/api/v1/users/"
PROJECTS = "/api/v1/projects/"
PUBLIC = {"id", "username", "first_name", "last_name"}


def names(person, query=""):
    return {row["username"] for row in person.get(f"{USERS}{query}").json["results"]}


def test_people_see_the_names_of_those_they_share_a_project_with_as_long_as_they_do(
    ada, bob, eve, admin, make_project
):
    project = make_project(ada, members={bob: "MEMBER"})

    assert names(ada) == names(bob) == {"ada", "bob"}
    assert names(eve) == {"eve"}
    assert names(admin) == {"ada", "bob", "eve", "root"}
    for row in bob.get(USERS).json["results"]:
        assert set(row) == PUBLIC or row["id"] == bob.id
    assert set(bob.get(f"{USERS}{ada.id}/").json) == PUBLIC
    assert bob.get(f"{USERS}{eve.id}/").status_code == 404
    assert "email" in admin.get(f"{USERS}{eve.id}/").json
    project.remove(bob)
    assert names(bob) == {"bob"}
    assert bob.get(f"{USERS}{ada.id}/").status_code == 404


def test_a_deleted_project_shows_nobody(ada, bob):
    project = ada.post(PROJECTS, json={"name": "Short"}).json
    ada.post(f"{PROJECTS}{project['id']}/members/", json={"user": bob.id})
    assert names(bob) == {"ada", "bob"}

    assert ada.delete(f"{PROJECTS}{project['id']}/").status_code == 204

    assert names(bob) == {"bob"}


def test_an_address_is_not_found_by_its_parts_except_by_administrators(
    ada, bob, admin, make_project
):
    make_project(ada, members={bob: "MEMBER"})

    assert names(ada, "?search=bo") == {"bob"}
    assert names(ada, "?search=example.com") == set()
    assert names(admin, "?search=bob@example.com") == {"bob"}
