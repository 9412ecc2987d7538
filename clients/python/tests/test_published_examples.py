"""The Python examples of the published page, unchanged. The environment supplies the URL of the server."""

from datetime import datetime

import pytest

from openmemory import NotFoundError, OpenMemory

IDS = ["mem_7k9n2x4p8q", "mem_xyz", "mem_task_123", "mem_1", "mem_2", "mem_3"]


@pytest.fixture
def om():
    om = OpenMemory(api_key="your_api_key")
    for id in IDS:
        om.add_memory("Python is a programming language", id=id, tags=["old"], metadata={"kept": True})
    yield om
    om.delete_memories(all=True)
    om.close()


def test_update_content(om, capsys):
    # Update memory content
    result = om.update_memory(
        memory_id="mem_7k9n2x4p8q",
        content="Updated: Python uses duck typing and dynamic typing"
    )

    print(f"Memory updated at: {result.updated_at}")
    print(f"Version: {result.version}")
    assert "Version: 2" in capsys.readouterr().out


def test_update_tags(om, capsys):
    # Add or replace tags
    result = om.update_memory(
        memory_id="mem_7k9n2x4p8q",
        tags=["python", "typing", "programming", "updated"]
    )

    print(f"Updated tags: {result.tags}")
    assert "['python', 'typing', 'programming', 'updated']" in capsys.readouterr().out


def test_update_metadata(om, capsys):
    # Update metadata fields
    result = om.update_memory(
        memory_id="mem_7k9n2x4p8q",
        metadata={
            "category": "programming",
            "language": "python",
            "verified": True,
            "last_reviewed": "2025-01-20",
            "importance": "high"
        }
    )

    print(f"Updated metadata: {result.metadata}")
    assert result.metadata["kept"] is True and result.metadata["importance"] == "high"


def test_update_multiple_fields(om):
    # Update content, tags, and metadata together
    result = om.update_memory(
        memory_id="mem_7k9n2x4p8q",
        content="Python supports duck typing for flexible polymorphism",
        tags=["python", "oop", "design-patterns"],
        metadata={
            "category": "programming",
            "difficulty": "intermediate",
            "verified": True
        }
    )

    print(f"Memory fully updated: {result.id}")
    assert (result.id, result.version, result.tags) == ("mem_7k9n2x4p8q", 2, ["python", "oop", "design-patterns"])


def test_correcting_errors(om):
    # Fix a typo or incorrect information
    om.update_memory(
        memory_id="mem_xyz",
        content="Corrected: React 18 introduced automatic batching"
    )
    assert om.get_memory("mem_xyz").content.startswith("Corrected")


def test_enriching_metadata(om):
    # Add verification or additional context
    existing = om.get_memory("mem_xyz")
    om.update_memory(
        memory_id="mem_xyz",
        metadata={
            **existing.metadata,
            "verified": True,
            "verified_by": "expert_user_123",
            "verification_date": "2025-01-20"
        }
    )
    assert om.get_memory("mem_xyz").metadata == {
        "kept": True,
        "verified": True,
        "verified_by": "expert_user_123",
        "verification_date": "2025-01-20",
    }


def test_updating_status(om):
    # Update task or issue status
    om.update_memory(
        memory_id="mem_task_123",
        metadata={
            "status": "completed",
            "completed_at": "2025-01-20T10:00:00Z",
            "completed_by": "user_456"
        }
    )
    assert om.get_memory("mem_task_123").metadata["status"] == "completed"


def test_preserving_and_tracking(om):
    # Get existing memory first
    memory = om.get_memory("mem_xyz")

    # Preserve tags while updating content
    om.update_memory(
        memory_id="mem_xyz",
        content="New content",
        tags=memory.tags  # Keep existing tags
    )
    existing = om.get_memory("mem_xyz")
    assert (existing.content, existing.tags) == ("New content", ["old"])

    # Add update metadata
    om.update_memory(
        memory_id="mem_xyz",
        content="Updated content",
        metadata={
            **existing.metadata,
            "last_updated": datetime.now().isoformat(),
            "updated_by": "user_123",
            "update_reason": "Added more detail"
        }
    )
    assert om.get_memory("mem_xyz").metadata["updated_by"] == "user_123"


def test_batch_updates(om):
    # Update multiple memories efficiently
    memory_ids = ["mem_1", "mem_2", "mem_3"]

    for mem_id in memory_ids:
        om.update_memory(
            memory_id=mem_id,
            metadata={"batch_updated": True, "batch_date": "2025-01-20"}
        )
    assert all(om.get_memory(id).metadata["batch_updated"] for id in memory_ids)


def test_validate_before_updating(om, capsys):
    def safe_update(memory_id, **updates):
        try:
            # Check if memory exists
            existing = om.get_memory(memory_id)

            # Perform update
            result = om.update_memory(memory_id, **updates)
            return result
        except NotFoundError:
            print(f"Memory {memory_id} not found")
            return None
        except Exception as e:
            print(f"Update failed: {e}")
            return None

    assert safe_update("mem_xyz", content="New content").version == 2
    assert safe_update("mem_none", content="New content") is None
    assert safe_update("mem_xyz", content="") is None
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Memory mem_none not found" and lines[1].startswith("Update failed: content")


def test_partial_updates(om):
    # Content only
    om.update_memory(memory_id="mem_xyz", content="New content")

    # Tags only
    om.update_memory(memory_id="mem_xyz", tags=["new", "tags"])

    # Metadata only
    om.update_memory(memory_id="mem_xyz", metadata={"key": "value"})

    # Any combination
    om.update_memory(
        memory_id="mem_xyz",
        content="New content",
        tags=["tag1", "tag2"]
    )
    memory = om.get_memory("mem_xyz")
    assert (memory.version, memory.tags, memory.metadata["key"]) == (5, ["tag1", "tag2"], "value")
