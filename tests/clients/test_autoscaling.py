from datetime import UTC, datetime

import pytest

from app.clients.autoscaling import (
    AwsScalingGroup,
    GroupState,
    LocalScalingGroup,
    ScalingError,
    make_scaling_group,
)
from tests.clients.aws import KEYS, scaling_api

MORNING = datetime(2026, 3, 31, 8, tzinfo=UTC)
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def aws():
    with scaling_api() as server:
        yield server


@pytest.fixture
def group(make_settings, aws):
    return make_scaling_group(make_settings(**aws.settings))


def test_a_group_at_aws_is_looked_at_and_resized(group, aws):
    aws.activities = [("Failed", NOON), ("Successful", MORNING)]

    assert isinstance(group, AwsScalingGroup)
    assert group.look() == GroupState("web", 2, 2, 1, 4, MORNING)
    group.resize(3)
    assert group.look().desired == 3
    assert aws.was_set_to == [3]


def test_a_group_that_never_changed_has_no_time_of_change(group):
    assert group.look().changed_at is None


def test_a_group_that_does_not_exist_is_an_error(make_settings, aws):
    group = make_scaling_group(
        make_settings(**{**aws.settings, "AUTO_SCALING_GROUP_NAME": "nothing"})
    )
    with pytest.raises(ScalingError, match="there is no auto-scaling group nothing"):
        group.look()


def test_an_error_of_aws_is_not_repeated_here(group, aws):
    aws.problem = "AccessDenied"
    with pytest.raises(ScalingError, match="AccessDenied"):
        group.look()
    with pytest.raises(ScalingError, match="AccessDenied"):
        group.resize(3)
    assert len(aws.asked) == 2


def test_nobody_there_is_an_error(make_settings, aws):
    there = {"AWS_ENDPOINT_URL_AUTO_SCALING": "http://127.0.0.1:1"}
    with pytest.raises(ScalingError, match="EndpointConnectionError"):
        make_scaling_group(make_settings(**{**aws.settings, **there})).look()


@pytest.mark.parametrize("values", [{}, KEYS, {"AUTO_SCALING_GROUP_NAME": "web"}])
def test_without_a_group_and_credentials_a_number_in_a_file_stands_in(
    make_settings, values, tmp_path
):
    group = make_scaling_group(make_settings(**values))

    assert isinstance(group, LocalScalingGroup)
    assert group.look()[1:] == (1, 1, 1, 10, None)
    group.resize(2)
    assert (tmp_path / "desired_capacity").read_text() == "2\n"
    assert group.look().desired == 2
    assert group.look().changed_at is not None


def test_a_file_that_holds_no_number_is_an_error(make_settings, tmp_path):
    (tmp_path / "desired_capacity").write_text("many")
    with pytest.raises(ScalingError, match="desired_capacity"):
        make_scaling_group(make_settings()).look()
