"""Where commands run is followed, and where it is not known that is said."""

import pytest

from assent.core.risk.shell import REPOSITORY_ROOT, UNKNOWN_FOLDER, join
from tests.core.risk.shell.reading import problems, read, texts


def folders_of_ls(script: str) -> set[str]:
    return {
        folder
        for command in read(script).commands
        if texts(command)[:1] == ["ls"]
        for folder in command.folders
    }


@pytest.mark.parametrize(
    ("script", "folders"),
    [
        pytest.param("ls", {"/w"}, id="start"),
        pytest.param("cd a && ls", {"/w/a"}, id="when-it-worked"),
        pytest.param("cd a; ls", {"/w/a", "/w"}, id="perhaps"),
        pytest.param("cd a || exit 1; ls", {"/w/a"}, id="or-exit"),
        pytest.param("cd a || { echo no; exit 1; }; ls", {"/w/a"}, id="or-exit-in-a-group"),
        pytest.param("if cd a; then ls; fi", {"/w/a"}, id="condition"),
        pytest.param("if ! cd a; then exit; fi; ls", {"/w/a"}, id="negated-condition"),
        pytest.param("cd a || ls", {"/w"}, id="when-it-failed"),
        pytest.param("(cd a && true); ls", {"/w"}, id="subshell"),
        pytest.param("cd a & ls", {"/w"}, id="background"),
        pytest.param("echo $(cd a); ls", {"/w"}, id="substitution"),
        pytest.param("cd /x && cd ~/y && ls", {"~/y"}, id="absolute"),
        pytest.param("cd && ls", {"~"}, id="home"),
        pytest.param("cd a/../b && ls", {"/w/a/../b", "/w/b"}, id="parents"),
        pytest.param("cd -- a && cd -P b && ls", {"/w/a/b"}, id="flags"),
        pytest.param("cd a && cd - && ls", {"/w"}, id="back"),
        pytest.param("pushd a && popd && ls", {"/w"}, id="stack"),
        pytest.param("builtin cd a && ls", {"/w/a"}, id="builtin"),
        pytest.param("x=a; cd $x/b && ls", {"/w/a/b"}, id="variable"),
        pytest.param(
            "if t; then x=a; else x=b; fi; cd $x && ls", {"/w/a", "/w/b"}, id="two-values"
        ),
        pytest.param("for d in a b; do (cd $d && ls); done", {"/w/a", "/w/b"}, id="loop"),
        pytest.param(
            "for d in a b; do cd $d && ls && cd /w; done", {"/w/a", "/w/b", "/w/a/b"}, id="and-back"
        ),
        pytest.param("f() { cd a && ls; }; f", {"/w/a"}, id="function"),
        pytest.param("cd() { ls; }; cd a", {"/w"}, id="shadowed"),
        pytest.param("cd $X && ls", {UNKNOWN_FOLDER}, id="unknown"),
        pytest.param("cd $X; ls", {UNKNOWN_FOLDER, "/w"}, id="perhaps-unknown"),
        pytest.param("cd $X && cd b && ls", {UNKNOWN_FOLDER}, id="below-unknown"),
        pytest.param("cd $X && cd /b && ls", {"/b"}, id="known-again"),
        pytest.param("cd a*; ls", {UNKNOWN_FOLDER, "/w"}, id="pattern"),
        pytest.param("cd - && ls", {UNKNOWN_FOLDER}, id="back-to-where"),
        pytest.param("popd && ls", {UNKNOWN_FOLDER}, id="empty-stack"),
        pytest.param("CDPATH=/x; cd a && ls", {UNKNOWN_FOLDER}, id="other-places"),
        pytest.param("CDPATH= cd a && ls", {"/w/a"}, id="no-other-places"),
        pytest.param("HOME=/x; cd && ls", {UNKNOWN_FOLDER}, id="other-home"),
        pytest.param('cd "$(dirname "$0")" && ls', {UNKNOWN_FOLDER}, id="of-the-script"),
        pytest.param('cd "$(git rev-parse --show-toplevel)" && ls', {REPOSITORY_ROOT}, id="root"),
        pytest.param(
            'R=$(git rev-parse --show-toplevel); cd "$R/a" && ls',
            {f"{REPOSITORY_ROOT}/a"},
            id="in-root",
        ),
        pytest.param(
            'cd "$(git rev-parse --show-toplevel)/.." && ls', {UNKNOWN_FOLDER}, id="above-root"
        ),
        pytest.param("eval $X; ls", {"/w", UNKNOWN_FOLDER}, id="eval"),
    ],
)
def test_folders(script: str, folders: set[str]) -> None:
    assert problems(script) == []
    assert folders_of_ls(script) == folders


def test_a_folder_that_changes_in_a_loop_is_not_known_in_the_end() -> None:
    assert UNKNOWN_FOLDER in folders_of_ls("while t; do cd a; done; ls")


@pytest.mark.parametrize(
    ("folder", "path", "joined"),
    [
        pytest.param("/w", "a", "/w/a", id="relative"),
        pytest.param("/w", "/a", "/a", id="absolute"),
        pytest.param("/w", "~/a", "~/a", id="home"),
        pytest.param("/", "a", "/a", id="root"),
        pytest.param(UNKNOWN_FOLDER, "a", f"{UNKNOWN_FOLDER}/a", id="unknown"),
    ],
)
def test_join(folder: str, path: str, joined: str) -> None:
    assert join(folder, path) == joined
