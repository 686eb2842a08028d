"""Scopes, as people and files name them."""

import pytest

from tiktok_ops.accounts.roles import Capability
from tiktok_ops.rest.scopes import Scope, ScopeRefused, parse_scopes

ALL = "'read', 'runs:start', 'approvals:decide', 'alerts:acknowledge'"


def test_parse_scopes_given_names_returns_each_once() -> None:
    assert parse_scopes(["read", "read"]) == [Scope.READ]
    assert parse_scopes([Scope.READ]) == [Scope.READ]


def test_parse_scopes_given_an_unknown_name_refuses_naming_it_and_those_there_are() -> None:
    with pytest.raises(
        ScopeRefused,
        match=rf"^The scope 'READ' does not exist: the scopes are {ALL}\.$",
    ):
        parse_scopes(["read", "READ"])


def test_parse_scopes_given_none_refuses_naming_those_there_are() -> None:
    with pytest.raises(
        ScopeRefused,
        match=rf"^The scopes are empty: name at least one of {ALL}\.$",
    ):
        parse_scopes([])


def test_names_of_scopes_stay_what_stored_keys_hold() -> None:
    assert {scope.name: scope.value for scope in Scope} == {
        "READ": "read",
        "RUNS_START": "runs:start",
        "APPROVALS_DECIDE": "approvals:decide",
        "ALERTS_ACKNOWLEDGE": "alerts:acknowledge",
    }


def test_ask_of_a_person_what_a_scope_asks_of_a_key_names_a_capability_for_each() -> None:
    assert {scope: scope.capabilities for scope in Scope} == {
        Scope.READ: {Capability.READ},
        Scope.RUNS_START: {Capability.RUN},
        Scope.APPROVALS_DECIDE: {Capability.DECIDE, Capability.DECIDE_SPEND},
        Scope.ALERTS_ACKNOWLEDGE: {Capability.RUN},
    }
