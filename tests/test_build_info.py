"""What the book says about its own build is true, and tells nothing about the machine's owner."""

import platform
import re
import shutil
import socket
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activations import build_info

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def run_git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=A Reader", "-c", "user.email=reader@example.invalid"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    run_git(tmp_path, "init", "--quiet")
    (tmp_path / "page.md").write_text("one\n", encoding="utf-8")
    run_git(tmp_path, "add", "page.md")
    run_git(tmp_path, "commit", "--quiet", "-m", "one")
    return tmp_path


class TestPackageVersions:
    def test_versions_are_those_of_the_installed_metadata(self):
        versions = build_info.package_versions()
        assert tuple(versions) == build_info.PACKAGES
        assert versions["numpy"] == sys.modules["numpy"].__version__
        assert versions["activations-book"] == metadata.version("activations-book")

    def test_nothing_is_imported_to_learn_a_version(self):
        code = (
            "import sys; from activations.build_info import package_versions; package_versions();"
            "heavy = {'torch', 'sklearn', 'pandas', 'matplotlib', 'sphinx'};"
            "print(sorted(heavy & set(sys.modules)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"

    @given(
        st.lists(
            st.sampled_from(["numpy", "scipy", "no-such-distribution", "torch-nor-this"]),
            unique=True,
        )
    )
    def test_order_is_kept_and_missing_ones_are_none(self, names):
        versions = build_info.package_versions(names)
        assert list(versions) == names
        for name, version in versions.items():
            assert (version is None) == (name not in {"numpy", "scipy"})

    def test_one_string_is_refused(self):
        with pytest.raises(TypeError, match=r"names must be a sequence of strings.*'numpy'"):
            build_info.package_versions("numpy")


class TestPlatformSummary:
    def test_it_agrees_with_the_interpreter(self):
        summary = build_info.platform_summary()
        assert summary["Python"].endswith(".".join(map(str, sys.version_info[:3])))
        assert summary["operating system"] == platform.system()
        assert summary["architecture"] == platform.machine()
        assert re.match(r"\S+", summary["linear algebra"])

    def test_it_names_neither_host_nor_folder(self):
        text = " ".join(build_info.platform_summary().values())
        assert socket.gethostname() not in text.split()
        assert str(Path.home()) not in text
        assert "/" not in text
        assert "\\" not in text


@needs_git
class TestCommit:
    def test_clean_checkout(self, checkout):
        name = build_info.commit(checkout)
        assert re.fullmatch(r"[0-9a-f]{12}", name)
        assert run_git(checkout, "rev-parse", "HEAD").startswith(name)

    def test_a_change_is_told(self, checkout):
        clean = build_info.commit(checkout)
        (checkout / "page.md").write_text("two\n", encoding="utf-8")
        assert build_info.commit(checkout) == f"{clean} with changes"

    def test_an_untracked_file_is_no_change(self, checkout):
        clean = build_info.commit(checkout)
        (checkout / "new.md").write_text("new\n", encoding="utf-8")
        assert build_info.commit(checkout) == clean

    def test_a_folder_inside_a_checkout_is_not_one(self, checkout):
        inside = checkout / "site-packages"
        inside.mkdir()
        assert build_info.commit(inside) is None

    def test_a_checkout_without_a_commit_has_no_name(self, tmp_path):
        run_git(tmp_path, "init", "--quiet")
        assert build_info.commit(tmp_path) is None

    def test_the_environment_of_a_hook_does_not_mislead(self, checkout, tmp_path, monkeypatch):
        expected = build_info.commit(checkout)
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
        assert build_info.commit(checkout) == expected

    def test_no_git_no_name(self, checkout, monkeypatch):
        monkeypatch.setenv("PATH", "")
        assert build_info.commit(checkout) is None

    def test_text_is_a_folder_too(self, checkout):
        assert build_info.commit(str(checkout)) == build_info.commit(checkout)


def test_no_checkout_no_commit(tmp_path):
    assert build_info.commit(tmp_path) is None


class TestDataSource:
    @pytest.mark.parametrize(
        ("available", "shown"),
        [("archive", "archive"), ("embedded", "open models"), ("some/folder", "reader's own")],
    )
    def test_it_puts_into_words_what_the_truth_room_says(self, monkeypatch, available, shown):
        monkeypatch.setattr("activations.truth.available_source", lambda: available)
        assert shown in build_info.data_source()
        assert "some/folder" not in build_info.data_source()

    def test_a_folder_without_data_is_said_to_be_missing(self, tmp_path, monkeypatch):
        monkeypatch.setenv("ACTIVATIONS_DATA", str(tmp_path))
        assert build_info.data_source() == "missing"


class TestBuildFacts:
    def test_facts_are_the_parts_together(self, monkeypatch):
        monkeypatch.setattr(build_info, "data_source", lambda: "archive")
        monkeypatch.setattr(build_info, "commit", lambda: "0123456789ab")
        assert build_info.build_facts() == {
            **build_info.platform_summary(),
            "source": "0123456789ab",
            "data of chapter 2": "archive",
        }

    def test_without_a_checkout_it_says_so(self, monkeypatch):
        monkeypatch.setattr(build_info, "data_source", lambda: "archive")
        monkeypatch.setattr(build_info, "commit", lambda: None)
        assert build_info.build_facts()["source"] == "not a checkout"
