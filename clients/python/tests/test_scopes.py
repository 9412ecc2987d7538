"""Whose memories does a call affect? A missing scope never means all users."""

import pytest

INVALID = "INVALID_ARGUMENT"
SCOPES = ["user_id", "agent_id", "app_id", "run_id"]


@pytest.mark.parametrize("scope", SCOPES)
def test_an_empty_scope_is_rejected(scope, om, connect, refusal):
    ada = connect(user_id="ada")
    for client in (om, ada):
        assert refusal(lambda: client.add_memory("x", **{scope: ""})) == (INVALID, scope)
        assert client.add_memories([{"content": "x", scope: ""}])[0].error.field == scope
    assert om.list_memories().memories == []


@pytest.mark.parametrize("user", ["", None, 7, "\ud800"])
def test_an_invalid_user_id_is_rejected_by_the_constructor(user, connect, refusal):
    assert refusal(lambda: connect(user_id=user)) == (INVALID, "user_id")


def test_none_counts_as_absent_in_a_new_memory(om, connect):
    ada = connect(user_id="ada")
    assert om.add_memory("x", user_id=None).user_id is None
    assert ada.add_memory("x", user_id=None).user_id == "ada"
    assert ada.add_memories([{"content": "x", "user_id": None}])[0].memory.user_id == "ada"
    assert ada.add_memories([{"content": "x"}])[0].memory.user_id == "ada"
    assert ada.add_memories([{"content": "x", "user_id": "bob"}])[0].memory.user_id == "bob"


@pytest.mark.parametrize("scope", [*SCOPES, "userId", "agentId", "appId", "runId"])
def test_a_scope_of_none_in_filters_is_rejected(scope, om, connect, refusal, tmp_path):
    om.add_memory("nobody's", tags=["draft"])
    om.add_memory("theirs", tags=["draft"], user_id="bob")
    for client in (om, connect(user_id="ada")):
        for call in [
            lambda filters: client.delete_memories(filters=filters),
            lambda filters: client.list_memories(filters=filters),
            lambda filters: client.search_memories("x", filters=filters),
            lambda filters: client.export_to(tmp_path / "file", filters=filters),
            lambda filters: next(client.iterate_memories(filters=filters)),
            lambda filters: next(client.watch(filters=filters)),
        ]:
            assert refusal(lambda: call({"tags": "draft", scope: None})) == (INVALID, f"filters.{scope}")
            for operator, value, path in [("eq", None, "eq"), ("ne", None, "ne"), ("in", ["x", None], "in[1]")]:
                nested = {"AND": [{"tags": "draft"}, {scope: {operator: value}}]}
                assert refusal(lambda: call(nested)) == (INVALID, f"filters.AND[1].{scope}.{path}")
    assert len(om.list_memories().memories) == 2 and list(tmp_path.iterdir()) == []
    without = {"tags": "draft", "user_id": {"exists": False}}
    assert [memory.content for memory in om.list_memories(filters=without).memories] == ["nobody's"]


def test_none_is_accepted_in_other_fields(om):
    om.add_memory("x", id="m", metadata={"a": 1})
    assert len(om.list_memories(filters={"expires_at": None, "metadata.b": None}).memories) == 1


def test_empty_filters_never_delete_all_memories(om, connect, refusal):
    ada = connect(user_id="ada")
    om.add_memory("x", user_id="ada")
    for client in (om, ada):
        for filters in [{}, {"AND": []}, {"AND": [{}]}, {"user_id": {}}, [], "x", 7]:
            code, field = refusal(lambda: client.delete_memories(filters=filters))
            assert code == INVALID and field.startswith("filters")
        assert refusal(lambda: client.delete_memories()) == (INVALID, "filters")
        assert refusal(lambda: client.delete_memories(ids=None, filters=None)) == (INVALID, "filters")
        assert refusal(lambda: client.delete_memories(all="no")) == (INVALID, "all")
    assert len(om.list_memories().memories) == 1
