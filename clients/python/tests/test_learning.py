"""Learning with the server's language model, which answers that a cat was got where that was said."""

import time

from openmemory import OpenMemoryError, VersionConflictError

import pytest


def test_a_conversation_is_learnt_explained_and_undone(om):
    learning = om.learn([{"content": "I got a cat", "at": "2026-03-03"}], user_id="ada", tags=["pets"])
    assert (learning["status"], learning["operations"][0]["state"]) == ("done", "applied")
    memory = om.get_memory(learning["operations"][0]["id"])
    assert (memory.content, memory.tags, memory.user_id) == ("Ada has a cat", ["pets"], "ada")
    [source] = om.get_sources(memory.id)
    assert (source["quote"], source["text"]["content"]) == ("got a cat", "I got a cat")
    assert om.learn([{"content": "I got a cat", "at": "2026-03-03"}], user_id="ada")["id"] == learning["id"]
    assert om.get_learning(learning["id"]) == learning
    assert [one["id"] for one in om.list_learnings(user_id="ada", status="done")["learnings"]] == [learning["id"]]
    assert om.undo_learning(learning["id"], actor="eve")["status"] == "undone"
    assert om.list_memories().memories == []


def test_what_waits_is_decided_about(om):
    learning = om.learn("I got a cat", user_id="bob", mode="propose", from_=["user"], keep_messages="log")
    assert learning["status"] == "waiting"
    decided = om.decide(learning["id"], {0: "apply"}, actor="eve")
    assert decided["operations"][0]["state"] == "applied"
    om.update_memory(decided["operations"][0]["id"], content="Bob has a cat")
    with pytest.raises(VersionConflictError):
        om.undo_learning(learning["id"])
    assert [message["content"] for message in om.list_messages(user_id="bob")["messages"]] == ["I got a cat"]
    assert om.delete_messages(user_id="bob") == 1


def test_memories_are_looked_at_again_and_messages_learnt_from_once_more(om):
    om.learn("I got a cat", user_id="cleo")
    [same] = om.relearn(user_id="cleo", from_=["user"])
    assert [one["id"] for one in om.list_learnings(user_id="cleo")["learnings"]] == [same["id"]]
    [again] = om.relearn(user_id="cleo", instructions="pets only", mode="dry")
    assert again["usage"]["calls"] == 1
    [memory] = om.list_memories(filters={"user_id": "cleo"}).memories
    learning = om.consolidate(memories=[memory.id], feedback="That is fine", user_id="cleo", mode="dry")
    assert learning is not None and learning["status"] == "nothing"
    assert om.consolidate(user_id="nobody") is None


def test_a_bad_feedback_is_handed_to_the_model_if_it_is_asked_to(om, refusal):
    om.learn("I got a cat", user_id="finn")
    [memory] = om.list_memories(filters={"user_id": "finn"}).memories
    rated = om.send_feedback(memory.id, "NEGATIVE", reason="That is fine")
    assert (rated.feedback_reason, rated.learning) == ("That is fine", None)
    rated = om.send_feedback(memory.id, "VERY_NEGATIVE", reason="That is fine", correct="dry")
    assert rated.feedback == "VERY_NEGATIVE"
    assert rated.learning is not None and rated.learning["usage"]["calls"] == 1
    wrong = refusal(lambda: om.send_feedback(memory.id, "POSITIVE", reason="yes", correct="review"))
    assert wrong == ("INVALID_ARGUMENT", "correct")
    assert refusal(lambda: om.send_feedback(memory.id, "NEGATIVE", correct="review")) == ("INVALID_ARGUMENT", "reason")
    assert om.get_memory(memory.id).feedback == "VERY_NEGATIVE"


def test_a_model_chooses_of_the_given_categories(om, refusal):
    given = ["pets", {"name": "work", "about": "jobs and colleagues"}]
    learning = om.learn("I got a cat", user_id="gil", categories=given)
    assert om.get_memory(learning["operations"][0]["id"]).tags == ["pets"]
    assert refusal(lambda: om.learn("I got a cat", categories=[{"about": "x"}])) == ("INVALID_ARGUMENT", "categories[0].name")


def test_an_answer_may_come_before_the_learning(om, refusal):
    def settled(pending):
        assert pending["status"] == "pending"
        while True:
            learning = om.get_learning(pending["id"])
            if learning["status"] != "pending":
                return learning
            time.sleep(0.01)

    learning = settled(om.learn("I got a cat", user_id="hal", wait=False))
    assert (learning["status"], learning["operations"][0]["state"]) == ("done", "applied")
    memory_id = learning["operations"][0]["id"]
    looked = om.consolidate(memories=[memory_id], feedback="That is fine", user_id="hal", wait=False)
    assert settled(looked)["status"] == "nothing"
    assert refusal(lambda: om.learn("x y", wait="no")) == ("INVALID_ARGUMENT", "wait")


def test_errors_have_their_codes(om, refusal):
    assert refusal(lambda: om.learn("")) == ("INVALID_ARGUMENT", "text")
    assert refusal(lambda: om.learn("x", mode="soon")) == ("INVALID_ARGUMENT", "mode")
    assert refusal(lambda: om.get_learning("lrn_01h455vb4pex5vsknk084sn02q"))[0] == "NOT_FOUND"
    assert refusal(lambda: om.consolidate(feedback="x")) == ("INVALID_ARGUMENT", "memories")
    om.learn("I got a cat", user_id="dan")
    assert refusal(lambda: om.relearn(user_id="dan", mode="soon")) == ("INVALID_ARGUMENT", "mode")
    assert refusal(lambda: om.delete_messages())[0] == "INVALID_ARGUMENT"
    with pytest.raises(OpenMemoryError) as failed:
        om.learn("please fail")
    assert (failed.value.code, failed.value.status, failed.value.details["why"]) == ("LANGUAGE_MODEL_FAILED", 502, "http")
