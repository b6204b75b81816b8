"""The pages open without a complaint, and what these tests stand on notices one."""

import pytest
from browsing import assert_accessible


@pytest.mark.parametrize(
    ("path", "sign"), [("/", "h1"), ("/api/docs/", ".opblock"), ("/api/redoc/", "h1")]
)
def test_a_page_opens_without_a_complaint(page, path, sign):
    page.goto(path)
    page.locator(sign).first.wait_for()


def test_the_start_page_is_accessible(page):
    page.goto("/")
    assert_accessible(page)


def test_every_kind_of_complaint_is_heard(page, complaints):
    page.goto("/")
    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    page.evaluate("console.error('told')")
    page.evaluate("document.body.setAttribute('style', 'top:0')")
    page.evaluate("fetch('/nowhere').then(() => null)")
    page.evaluate("fetch('http://192.0.2.1/').catch(() => null)")
    for kind in ("exception: .*thrown", "console: told", "CSP: style-src", "404", "CSP: connect"):
        complaints.forgive(kind)
    complaints.forgive("Content Security Policy")


def test_a_fault_that_a_blind_person_would_meet_is_found(page):
    page.goto("/")
    page.evaluate("document.body.append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        assert_accessible(page)


def test_two_people_share_no_cookie(windows, site):
    first, second = windows.open("/"), windows.open("/")
    first.context.add_cookies([{"name": "mine", "value": "1", "url": site.base}])
    assert second.context.cookies() == []


def test_people_come_with_a_token_and_pictures_are_kept(person, page, picture):
    ada, other = person("ada"), person("ada")
    assert ada.username != other.username
    assert ada.send("GET", "/tasks/").json()["count"] == 0
    page.goto("/")
    assert picture(page, "start").stat().st_size > 0


FROM_THE_SERVICE = """performance.getEntriesByType("resource")
    .filter((each) => each.name.includes("/assets/") && each.transferSize > 0).length"""


def test_a_second_visit_asks_for_no_file_again(enter, person):
    page = enter(person("ada"))
    assert page.evaluate(FROM_THE_SERVICE) > 100
    page.goto("about:blank")
    page.goto("/")
    page.locator("#main").wait_for()
    assert page.evaluate(FROM_THE_SERVICE) == 0
