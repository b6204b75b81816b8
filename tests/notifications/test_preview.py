"""The mails as a person can look at them, and what holds for every kind."""

import re
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from sqlalchemy import event

from app.extensions import db
from app.notifications.kinds import KINDS, Kind
from app.notifications.mails.letter import Letter
from app.notifications.mails.samples import letter_of
from app.notifications.mails.table import MAILS, compose
from app.notifications.wanted import CHECKS

PUBLIC = "https://tasks.example.com"
EVIL = (
    "<script>alert(1)</script><svg onload=alert(2)>javascript:alert(3)"
    "\u202egpj.exe\u2066 \r\nBcc: eve@example.com {actor} {{ 7*7 }}"
)


@pytest.fixture(params=list(Kind))
def letter(request):
    return letter_of(request.param, PUBLIC)


def bodies(message):
    return {kind: message.get_body((kind,)).get_content() for kind in ("plain", "html")}


def test_every_kind_has_a_mail_and_a_check():
    assert set(MAILS) == set(CHECKS) == set(Kind)


@pytest.fixture
def asked(app):
    """What is asked of the database, as long as the test lasts."""
    asked = []

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_the_preview_writes_every_kind_and_asks_no_database(app, tmp_path, asked):
    printed = app.test_cli_runner().invoke(args=["mails", "preview", "--out", str(tmp_path)])

    assert printed.exit_code == 0, printed.output
    names = {f"{kind}.{suffix}" for kind in Kind for suffix in ("html", "txt", "eml")}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert sorted(printed.output.split()) == sorted(str(tmp_path / name) for name in names)
    assert asked == []
    message = message_from_bytes((tmp_path / "changed.eml").read_bytes(), policy=policy.default)
    assert message["Subject"] == "Task updated: Write the quarterly report"


def test_the_preview_writes_the_kinds_that_are_named(app, tmp_path):
    runner = app.test_cli_runner()
    done = runner.invoke(args=["mails", "preview", "test", "--out", str(tmp_path)])
    wrong = runner.invoke(args=["mails", "preview", "tset", "--out", str(tmp_path)])

    assert done.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"test.html", "test.txt", "test.eml"}
    assert wrong.exit_code == 2
    assert "'tset' is not one of" in wrong.output


def test_every_mail_can_be_unsubscribed_by_one_click_but_what_must_be_told(letter):
    message = compose(letter, "tasks@example.com")

    if KINDS[letter.kind].channels:
        assert message["List-Unsubscribe"] == f"<{letter.links.unsubscribe}>"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for body in bodies(message).values():
            assert letter.links.unsubscribe.replace("&", "&amp;") in body
    else:
        assert message["List-Unsubscribe"] is None
        assert "nsubscribe" not in "".join(bodies(message).values())


def test_the_address_that_unsubscribes_is_sent_as_it_is_however_long():
    letter = letter_of(Kind.CHANGED, PUBLIC)
    address = f"{PUBLIC}/unsubscribe/{'x' * 120}"
    long = replace(letter, links=replace(letter.links, unsubscribe=address))

    assert f"\nList-Unsubscribe:\n <{address}>\n" in compose(long, "a@example.com").as_string()


def test_every_mail_looks_right_where_style_sheets_and_images_are_not_loaded(letter):
    html = bodies(compose(letter, "tasks@example.com"))["html"]

    assert not re.search(r"<(img|link|script|iframe|form|video)\b|url\(|@import|src=", html)
    assert all(int(width) <= 600 for width in re.findall(r'width="(\d+)"', html))
    assert 'name="color-scheme" content="light dark"' in html
    assert len(html) < 30_000
    for tag in ("table", "tr", "td", "a", "div", "span"):
        assert len(re.findall(rf"<{tag}\b", html)) == html.count(f"</{tag}>"), tag


def test_no_text_of_a_user_does_any_harm(letter):
    for record in letter.records:
        record.snapshot = spoilt(record.snapshot)
        record.changes = {"title": [EVIL, EVIL + "!"]} if record.changes else {}
    names = dict.fromkeys(letter.names, EVIL)
    letter.recipient.first_name = letter.recipient.last_name = EVIL
    spoilt_letter = Letter(
        letter.kind, letter.head, letter.records, letter.recipient, letter.links,
        EVIL, names, letter.open_to,
    )  # fmt: skip
    raw = compose(spoilt_letter, "tasks@example.com").as_bytes()
    message = message_from_bytes(raw, policy=policy.default)

    assert message["Bcc"] is None
    assert not message.defects
    for text in (message["Subject"], message["To"], *bodies(message).values()):
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
        assert "49" not in text.partition("7*7")[0][-10:]
    html = bodies(message)["html"]
    assert "<script" not in html
    assert "<svg" not in html
    assert not re.search(r'href="(?!https://tasks\.example\.com)', html)


def spoilt(value, name=""):
    if isinstance(value, dict):
        return {key: spoilt(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [spoilt(each, name) for each in value]
    is_text = name in ("title", "description", "body", "url", "disabled_reason")
    return EVIL if is_text else value
