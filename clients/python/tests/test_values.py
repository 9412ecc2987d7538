"""Which values does a call accept, and how does it reject those that JSON cannot represent?"""

import time
from collections import OrderedDict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

import pytest

NOON = datetime(2025, 1, 20, 12, tzinfo=timezone.utc)
PARIS = timezone(timedelta(hours=1))
MEMORY, ADA = UUID("01a0fb7e-1111-7111-8111-111111111111"), UUID("5e0c9d1a-1111-4111-8111-222222222222")
INVALID = "INVALID_ARGUMENT"

circular = {}
circular["self"] = circular

NOT_JSON = [
    Decimal("1.5"),
    float("nan"),
    float("inf"),
    -float("inf"),
    "\ud800",
    {"a", "b"},
    frozenset(),
    b"bytes",
    bytearray(b"bytes"),
    1j,
    object(),
    timedelta(days=1),
    (letter for letter in "ab"),
    10**400,
    {1: "a number as key"},
    {"\ud800": "a lone surrogate as key"},
]


def ids(memories):
    return sorted(memory.id for memory in memories)


def test_a_time_in_filters_is_a_string_a_date_or_a_datetime(om):
    om.add_memory("before", id="before", created_at=NOON - timedelta(days=1))
    om.add_memory("after", id="after", created_at=NOON + timedelta(days=1))
    for moment in [NOON, NOON.astimezone(PARIS), NOON.astimezone().replace(tzinfo=None), "2025-01-20T12:00:00Z", NOON.date()]:
        assert ids(om.list_memories(filters={"created_at": {"lte": moment}}).memories) == ["before"]
        assert ids(om.search_memories("x", filters={"created_at": {"gt": moment}})) == ["after"]
        nested = {"AND": [{"NOT": {"created_at": {"lte": moment}}}]}
        assert ids(om.iterate_memories(filters=nested)) == ["after"]
    assert om.delete_memories(filters={"created_at": {"gte": date(2025, 1, 21)}}).ids == ["after"]


def test_a_memory_has_one_text_several_or_none(om):
    several = om.add_memory(["Ada sings", "Bob paints"])
    assert several.content == "Ada sings\fBob paints"
    assert om.update_memory(several.id, content=["Ada sings", "Bob cooks"]).content == "Ada sings\fBob cooks"
    none = om.add_memory(None, metadata={"theme": "dark"})
    assert (none.content, none.metadata) == ("", {"theme": "dark"})
    assert ids(om.search_memories("dark")) == [several.id]
    assert om.add_memories([{"content": None, "tags": ["x"]}])[0].memory.content == ""


def test_the_last_day_of_the_calendar_means_never(om):
    for never in [date.max, datetime.max, datetime.max.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=PARIS)]:
        memory = om.add_memory("kept", expires_at=never)
        assert memory.expires_at.startswith("9999-12-31")
        assert memory.id in ids(om.list_memories(filters={"expires_at": {"lte": never}}).memories)
    first = om.add_memory("old", created_at=datetime.min)
    assert first.created_at == "0001-01-01T00:00:00.000Z"


def test_a_naive_datetime_is_local_time(om, monkeypatch):
    if not hasattr(time, "tzset"):
        pytest.skip("the time zone of the process cannot be set here")
    monkeypatch.setenv("TZ", "XXX-03:00")
    time.tzset()
    try:
        memory = om.add_memory("x", expires_at=datetime(2125, 1, 20, 15), created_at=date(2025, 1, 20))
        assert (memory.expires_at, memory.created_at) == ("2125-01-20T12:00:00.000Z", "2025-01-20T00:00:00.000Z")
        assert om.update_memory(memory.id, expires_at=datetime.max).expires_at.startswith("9999-12-31")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_time_in_metadata_is_stored_as_a_sortable_string(om):
    when = {"paris": NOON.astimezone(PARIS), "exact": NOON.replace(microsecond=7), "day": date(2025, 1, 20), "in": [NOON]}
    memory = om.add_memory("x", id="m", metadata={"when": when})
    stored = {
        **{"paris": "2025-01-20T12:00:00.000Z", "exact": "2025-01-20T12:00:00.000007Z"},
        **{"day": "2025-01-20", "in": ["2025-01-20T12:00:00.000Z"]},
    }
    assert memory.metadata == {"when": stored}
    assert om.update_memory("m", metadata={"when": NOON}).metadata == {"when": "2025-01-20T12:00:00.000Z"}
    later = (NOON + timedelta(minutes=1)).astimezone(PARIS)
    assert ids(om.list_memories(filters={"metadata.when": {"lt": later}}).memories) == ["m"]
    assert ids(om.list_memories(filters={"metadata.when": NOON.astimezone(PARIS)}).memories) == ["m"]
    [added, updated] = [
        *om.add_memories([{"content": "x", "metadata": {"when": NOON}, "expires_at": date.max}]),
        *om.update_memories([{"id": "m", "metadata": {"when": date.max}, "expires_at": NOON + timedelta(days=99_999)}]),
    ]
    assert added.memory.metadata == {"when": "2025-01-20T12:00:00.000Z"}
    assert updated.memory.metadata == {"when": "9999-12-31"}


def test_a_time_selects_a_state_and_the_changes_of_a_watch(om):
    memory = om.add_memory("now")
    after = datetime.now(timezone.utc) + timedelta(minutes=1)
    assert om.get_memory(memory.id, as_of=after).content == "now"
    assert om.get_memory(memory.id, as_of=after.astimezone().replace(tzinfo=None)).content == "now"
    changes = om.watch(since=NOON, filters={"created_at": {"gte": NOON}, "memory_ids": [memory.id]})
    # Filters do not apply to deletions before the watch.
    assert next(change.id for change in changes if change.event != "DELETE") == memory.id
    changes.close()


def test_a_uuid_is_an_id(om):
    memory = om.add_memory("x", id=MEMORY)
    assert om.get_memory(MEMORY).id == memory.id
    assert om.update_memory(MEMORY, content="y").version == 2
    assert om.restore_memory(MEMORY, 1).content == "x"
    assert len(om.get_history(MEMORY)) == 3
    assert om.reinforce_memory(MEMORY).id == memory.id
    assert om.send_feedback(MEMORY, "POSITIVE").id == memory.id
    assert om.get_waypoints(MEMORY) == []
    assert om.update_memories([{"id": MEMORY, "tags": ["a"]}])[0].ok
    for one in [MEMORY, [MEMORY], {"in": [MEMORY]}, {"eq": MEMORY}]:
        assert ids(om.list_memories(filters={"memory_ids": one}).memories) == [memory.id]
    assert om.delete_memories([MEMORY])[0].ok
    assert om.add_memories([{"id": UUID(int=7), "content": "x"}])[0].ok
    assert om.delete_memory(UUID(int=7)).deleted_at is not None


def test_a_uuid_is_a_scope(om, connect):
    memory = om.add_memory("x", user_id=ADA, agent_id=ADA, app_id=ADA, run_id=ADA)
    assert (memory.user_id, memory.agent_id, memory.app_id, memory.run_id) == (str(ADA),) * 4
    assert om.add_memories([{"content": "y", "user_id": ADA}])[0].memory.user_id == str(ADA)
    for user in [ADA, {"eq": ADA}, {"in": [ADA, "bob"]}]:
        assert len(om.list_memories(filters={"user_id": user}).memories) == 2
    ada = connect(user_id=ADA)
    assert ada.add_memory("z").user_id == str(ADA)
    assert len(ada.list_memories().memories) == 3


@pytest.mark.parametrize("value", NOT_JSON, ids=lambda value: type(value).__name__)
def test_a_value_that_json_cannot_represent_is_rejected_with_its_path(value, om, refusal):
    om.add_memory("x", id="m")
    assert refusal(lambda: om.add_memory("x", metadata={"a": {"b": [1, value]}})) == (INVALID, "metadata.a.b[1]")
    assert refusal(lambda: om.update_memory("m", metadata={"a": value})) == (INVALID, "metadata.a")
    assert refusal(lambda: om.add_memory("x", tags=["a", value])) == (INVALID, "tags[1]")
    assert refusal(lambda: om.add_memory(value)) == (INVALID, "content")
    assert refusal(lambda: om.add_memory("x", id=value)) == (INVALID, "id")
    assert refusal(lambda: om.add_memory("x", user_id=value)) == (INVALID, "user_id")
    assert refusal(lambda: om.update_memory("m", expires_at=value)) == (INVALID, "expires_at")
    assert refusal(lambda: om.update_memory("m", content="y", reason=value)) == (INVALID, "reason")
    assert refusal(lambda: om.update_memory("m", content="y", if_version=value)) == (INVALID, "if_version")
    assert refusal(lambda: om.search_memories(value)) == (INVALID, "query")
    assert refusal(lambda: om.search_memories("x", min_score=value)) == (INVALID, "min_score")
    assert refusal(lambda: om.list_memories(cursor=value)) == (INVALID, "cursor")
    assert refusal(lambda: om.get_memory("m", at=value)) == (INVALID, "at")
    assert refusal(lambda: om.get_history("m", limit=value)) == (INVALID, "limit")
    assert refusal(lambda: om.get_memory(value)) == (INVALID, "id")
    assert refusal(lambda: om.backup(value)) == (INVALID, "name")
    assert refusal(lambda: om.import_from(__file__, on_conflict=value)) == (INVALID, "on_conflict")
    nested = {"OR": [{"tags": "a"}, {"NOT": {"metadata.n": {"in": [value]}}}]}
    for call in [om.list_memories, om.delete_memories, lambda **more: om.search_memories("x", **more)]:
        assert refusal(lambda: call(filters=nested)) == (INVALID, "filters.OR[1].NOT.metadata.n.in[0]")
    for stream in [om.iterate_memories, om.watch]:
        assert refusal(lambda: next(stream(filters=nested))) == (INVALID, "filters.OR[1].NOT.metadata.n.in[0]")
    assert om.get_memory("m").version == 1


def test_a_uuid_or_a_time_in_another_field_is_rejected(om, refusal):
    assert refusal(lambda: om.add_memory(NOON)) == (INVALID, "content")
    assert refusal(lambda: om.add_memory(MEMORY)) == (INVALID, "content")
    assert refusal(lambda: om.add_memory("x", tags=[NOON])) == (INVALID, "tags[0]")
    assert refusal(lambda: om.add_memory("x", user_id=NOON)) == (INVALID, "user_id")
    assert refusal(lambda: om.add_memory("x", metadata={"ref": MEMORY})) == (INVALID, "metadata.ref")


def test_a_circular_value_is_rejected(om, refusal):
    assert refusal(lambda: om.add_memory("x", metadata={"a": circular})) == (INVALID, "metadata.a.self")
    recursive = {"tags": "a"}
    recursive["AND"] = [recursive]
    assert refusal(lambda: om.list_memories(filters=recursive)) == (INVALID, "filters.AND[0]")
    shared = {"a": 1}
    assert om.add_memory("x", metadata={"a": shared, "b": shared}).metadata == {"a": shared, "b": shared}


def test_all_mappings_and_sequences_are_accepted(om):
    metadata = MappingProxyType({"a": OrderedDict(b=(1, 2)), "c": range(2)})
    assert om.add_memory("x", metadata=metadata, tags=("t",)).metadata == {"a": {"b": [1, 2]}, "c": [0, 1]}
    assert len(om.list_memories(filters=MappingProxyType({"tags": "t"})).memories) == 1


def test_an_invalid_item_of_a_batch_fails_alone(om):
    batch = [{"content": "a", "id": "a"}, None, {"content": "b", "metadata": {"n": Decimal(1)}}, {"id": "d", "content": "\ud800"}]
    results = om.add_memories(batch)
    assert [result.ok for result in results] == [True, False, False, False]
    assert [result.error.field for result in results[1:]] == ["memories[1]", "metadata.n", "content"]
    assert results[3].id == "d"
    assert om.update_memories([{"id": MEMORY, "tags": {"x"}}])[0].id == str(MEMORY)
    results = om.update_memories([{"id": "a", "tags": {"x"}}, {"id": "a", "content": "b"}], atomic=True)
    assert [result.error.code for result in results] == [INVALID, "ABORTED"]
    results = om.delete_memories(["a", "", None, 7, "\ud800"])
    assert [result.ok for result in results] == [True, False, False, False, False]
    assert [result.error.code for result in results[1:]] == ["MISSING_ID", "MISSING_ID", INVALID, INVALID]


def test_a_batch_is_a_list_of_1_to_1000_items(om, refusal):
    om.add_memory("x", id="a")
    # A string is a sequence of characters, each of which could be an id.
    assert refusal(lambda: om.delete_memories("a")) == (INVALID, "ids")
    assert refusal(lambda: om.add_memories({"content": "x"})) == (INVALID, "memories")
    assert refusal(lambda: om.update_memories(None)) == (INVALID, "updates")
    assert refusal(lambda: om.add_memories([])) == (INVALID, "memories")
    assert refusal(lambda: om.delete_memories(["a"] * 1001)) == ("LIMIT_EXCEEDED", "ids")
    assert om.get_memory("a").content == "x"
    assert [result.ok for result in om.add_memories({"content": text} for text in "xy")] == [True, True]


def test_an_id_is_required_and_limited_in_length(om, refusal):
    for call in [om.get_memory, om.delete_memory, om.get_history, om.get_waypoints, om.reinforce_memory]:
        assert refusal(lambda: call(None)) == ("MISSING_ID", "id")
        assert refusal(lambda: call("")) == ("MISSING_ID", "id")
        assert refusal(lambda: call(7)) == (INVALID, "id")
        assert refusal(lambda: call("x" * 100_000)) == ("LIMIT_EXCEEDED", "id")
    assert refusal(lambda: om.get_memory("x", at="x" * 100_000)) == ("LIMIT_EXCEEDED", "at")


def test_an_error_names_the_parameter_of_the_method(om, refusal, tmp_path):
    om.add_memory("x", id="m")
    assert refusal(lambda: om.search_memories("x", min_score=5)) == (INVALID, "min_score")
    assert refusal(lambda: om.list_memories(show_expired="yes")) == (INVALID, "show_expired")
    assert refusal(lambda: om.update_memory("m", content="y", if_version="1")) == (INVALID, "if_version")
    assert refusal(lambda: om.restore_memory("m", 1, if_version="1")) == (INVALID, "if_version")
    om.export_to(tmp_path / "file")
    with pytest.raises(Exception, match="^on_conflict: ") as caught:
        om.import_from(tmp_path / "file", on_conflict="guess")
    assert caught.value.field == "on_conflict"


def test_an_unknown_argument_is_rejected_by_name(om):
    om.add_memory("x", id="m")
    for call in [
        lambda: om.add_memory("x", userid="ada"),
        lambda: om.delete_memory("m", userid="ada"),
        lambda: om.list_memories(userid="ada"),
        lambda: om.stats(userid="ada"),
    ]:
        with pytest.raises(TypeError, match="userid"):
            call()
    assert om.add_memories([{"content": "x", "userid": "ada"}])[0].error.field == "userid"
    assert om.update_memories([{"id": "m", "contents": "x"}])[0].error.field == "contents"
    assert om.get_memory("m").version == 1


def test_a_file_must_be_a_path(om, refusal):
    for file in [None, "", "a\0b", 7]:
        assert refusal(lambda: om.export_to(file)) == (INVALID, "file")
        assert refusal(lambda: om.import_from(file)) == (INVALID, "file")
