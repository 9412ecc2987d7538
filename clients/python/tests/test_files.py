"""Exports to pipes and symbolic links."""

import os
import stat
import threading

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


def test_an_export_to_a_pipe_is_written_into_it(om, tmp_path):
    om.add_memory("x")
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    # Opened for reading and writing, so that the test does not hang if the export ignores the pipe.
    handle = os.open(pipe, os.O_RDWR)
    reader = threading.Thread(target=lambda: read.append(os.read(handle, 1 << 16)), daemon=True)
    reader.start()
    exported = om.export_to(pipe)
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    reader.join()
    os.close(handle)
    assert len(read[0]) == exported.bytes and [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_an_export_to_a_symbolic_link_replaces_its_target(om, tmp_path):
    om.add_memory("x")
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "target"
    for content in [None, "before"]:
        if content is not None:
            target.write_text(content)
        link = tmp_path / f"link-{content}"
        link.symlink_to(target)
        exported = om.export_to(link)
        assert link.is_symlink() and target.stat().st_size == exported.bytes
        assert [path.name for path in target.parent.iterdir()] == ["target"]
