"""What users choose to be told, and by which channels."""

import pytest

from app.core.db import unit_of_work
from app.notifications import preferences
from app.notifications.kinds import Channel, Kind
from tests.api.conftest import at_once, twin

PREFERENCES = "/api/v1/notifications/preferences/"
SWITCHABLE = [kind.value for kind in Kind if kind not in (Kind.TEST, Kind.WEBHOOK_DISABLED)]


def table(person):
    return {each["kind"]: each["channels"] for each in person.get(PREFERENCES).json["results"]}


def changes(rows):
    """What the log says was chosen, oldest first."""
    told = rows("SELECT changes FROM events WHERE type = 'preferences.updated' ORDER BY id")
    return [row.changes for row in told]


def test_everything_is_on_until_it_is_switched_off(ada):
    listed = ada.get(PREFERENCES).json["results"]

    assert [each["kind"] for each in listed] == SWITCHABLE
    assert all(each["label"] and each["description"].endswith(".") for each in listed)
    assert table(ada)["daily_summary"] == {"email": True}
    assert table(ada)["changed"] == {"email": True, "inbox": True, "webhook": True}
    assert all(all(channels.values()) for channels in table(ada).values())


def test_what_is_left_out_stays_as_it_is_and_nobody_elses_changes(ada, bob):
    answer = ada.patch(PREFERENCES, json={"changed": {"email": False, "inbox": False}})
    assert answer.status_code == 200
    assert answer.json == ada.get(PREFERENCES).json
    ada.patch(PREFERENCES, json={"changed": {"inbox": True}, "commented": {"webhook": False}})

    chosen = table(ada)
    assert chosen["changed"] == {"email": False, "inbox": True, "webhook": True}
    assert chosen["commented"] == {"email": True, "inbox": True, "webhook": False}
    assert all(all(channels.values()) for channels in table(bob).values())


def test_each_change_is_one_event_and_none_is_no_event(ada, rows):
    for body in ({}, {"changed": {}}, {"changed": {"email": True}}):
        assert ada.patch(PREFERENCES, json=body).status_code == 200
    assert changes(rows) == []

    wanted = {"changed": {"email": False, "inbox": True}, "commented": {"email": False}}
    for _ in range(2):
        ada.patch(PREFERENCES, json=wanted)
    ada.patch(PREFERENCES, json={"changed": {"email": True}})

    assert changes(rows) == [
        {"changed.email": [True, False], "commented.email": [True, False]},
        {"changed.email": [False, True]},
    ]


@pytest.mark.parametrize(
    ("body", "field", "allowed"),
    [
        ({"shouted": {"email": False}}, "shouted", "mentioned"),
        ({"test": {"email": False}}, "test", "mentioned"),
        ({"webhook_disabled": {"email": False}}, "webhook_disabled", "mentioned"),
        ({"changed": {"pigeon": False}}, "changed.pigeon", "email, inbox, webhook"),
        ({"daily_summary": {"inbox": False}}, "daily_summary.inbox", "email"),
        ({"changed": {"email": None}}, "changed.email", ""),
        ({"changed": {"email": "perhaps"}}, "changed.email", ""),
        ({"changed": None}, "changed", ""),
        ({"changed": False}, "changed._schema", ""),
        ({"commented": {"email": False}, "changed": {"fax": True}}, "changed.fax", "email"),
    ],
)
def test_a_bad_choice_is_refused_with_its_name_and_nothing_changes(ada, rows, body, field, allowed):
    before = table(ada)
    answer = ada.patch(PREFERENCES, json=body)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field]), answer.text
    assert allowed in str(answer.json["errors"])
    assert table(ada) == before
    assert changes(rows) == []


def test_the_same_choice_at_the_same_time_is_one_event(ada, rows):
    tabs = [twin(ada) for _ in range(4)]
    body = {"changed": {"email": False}}

    said = at_once([lambda tab=tab: tab.patch(PREFERENCES, json=body).status_code for tab in tabs])

    assert said == [200] * 4
    assert changes(rows) == [{"changed.email": [True, False]}]


def test_different_choices_at_the_same_time_are_all_kept(ada, rows):
    kinds = SWITCHABLE[:5]
    calls = [
        lambda tab=twin(ada), kind=kind: tab.patch(PREFERENCES, json={kind: {"email": False}})
        for kind in kinds
    ]
    at_once(calls)

    assert [kind for kind, channels in table(ada).items() if not channels["email"]] == kinds
    assert len(changes(rows)) == 5


def test_wishes_are_read_anew_in_each_transaction(app, ada):
    with app.app_context():
        for wanted in (True, False, True):
            with unit_of_work() as session:
                preferences.change(session, ada.id, {"changed": {"email": wanted}})
            with unit_of_work() as session:
                asked = [
                    preferences.wants(session, ada.id, Kind.CHANGED, channel)
                    for channel in (Channel.EMAIL, Channel.INBOX)
                ]
            assert asked == [wanted, True]


def test_who_does_not_exist_or_may_not_sign_in_wants_nothing(app, ada, rows):
    rows("UPDATE users SET is_active = false")
    with app.app_context(), unit_of_work() as session:
        for user in (ada.id, ada.id + 1):
            assert not preferences.wants(session, user, Kind.TEST, Channel.INBOX)
