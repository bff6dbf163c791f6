from pathlib import Path

import pytest

from deploy.model.problem import UsageError
from deploy.releases.templates import Templates


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


def test_plain_text_without_html_escapes(root: Path) -> None:
    (root / "a.j2").write_text('{"p": {{ path | tojson }}, "q": "{{ text }}"}\n')
    rendered = Templates(root).render("a.j2", {"path": r"C:\Trading & 'x' <é>", "text": "a & <b>"})
    assert rendered == '{"p": "C:\\\\Trading & \'x\' <é>", "q": "a & <b>"}\n'


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("a\nb {{ nothing }}\n", "templates/a.j2:2", "'nothing' is undefined"),
        ("a\n\n{{ data.nothing }}", "templates/a.j2:3", "has no attribute 'nothing'"),
        ("{% if nothing %}x{% endif %}", "templates/a.j2:1", "'nothing' is undefined"),
        ("\n{{ data. }}", "templates/a.j2:2", "expected name"),
        ("{% include 'gone.j2' %}", "templates/a.j2", "no template 'gone.j2'"),
        ("{% include '../outside' %}", "templates/a.j2", "no template '../outside'"),
        ("{% include '/etc/hostname' %}", "templates/a.j2", "no template '/etc/hostname'"),
        ("{% include 'link.j2' %}", "templates/a.j2", "no template 'link.j2'"),
        ("\n{{ 1 // 0 }}", "templates/a.j2:2", "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__ }}", "templates/a.j2:1", "unsafe"),
        ("{{ [1, 2] | random }}", "templates/a.j2:1", "No filter named 'random'"),
    ],
)
def test_error_names_file_and_line(root: Path, text: str, where: str, what: str) -> None:
    (root.parent / "outside").write_text("outside")
    (root / "link.j2").symlink_to(root.parent / "outside")
    (root / "a.j2").write_text(text)
    with pytest.raises(UsageError) as caught:
        Templates(root).render("a.j2", {"data": {}})
    assert caught.value.problems[0].where == where
    assert what in caught.value.problems[0].what


def test_error_inside_an_included_file_names_that_file(root: Path) -> None:
    (root / "a.j2").write_text("{% include 'b.j2' %}")
    (root / "b.j2").write_text("\n\n{{ nothing }}")
    with pytest.raises(UsageError, match=r"^templates/b\.j2:3: 'nothing' is undefined"):
        Templates(root).render("a.j2", {})


def test_digest_covers_what_is_included_and_not_line_ends(root: Path) -> None:
    (root / "a.j2").write_text("{% if x %}{% include 'b.j2' %}{% endif %}\n")
    (root / "b.j2").write_text("b\n")
    (root / "c.j2").write_text("c\n")
    first = Templates(root).digest(("a.j2",))
    (root / "a.j2").write_bytes((root / "a.j2").read_bytes().replace(b"\n", b"\r\n"))
    (root / "c.j2").write_text("other\n")
    assert Templates(root).digest(("a.j2",)) == first
    (root / "b.j2").write_text("b2\n")
    assert Templates(root).digest(("a.j2",)) != first


def test_computed_include_is_refused_because_its_digest_could_differ(root: Path) -> None:
    (root / "a.j2").write_text("{% include name %}")
    with pytest.raises(UsageError, match="name is computed"):
        Templates(root).digest(("a.j2",))


def test_missing_template_points_at_the_catalogue(root: Path) -> None:
    with pytest.raises(UsageError, match=r"^inventories/system\.toml: there is no template 'gone\.j2'"):
        Templates(root).render("gone.j2", {})
