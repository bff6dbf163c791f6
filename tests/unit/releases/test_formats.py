import pytest

from deploy.releases.formats import parse, schema_fault


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("a.json", '{"a": [1, null]}', {"a": [1, None]}),
        ("a.yaml", "a: 1\n", {"a": 1}),
        ("a.yml", "a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a.toml", "[a]\nb = 1\n", {"a": {"b": 1}}),
        ("a.INI", "[a]\nb = %x\n", {"a": {"b": "%x"}}),
        ("app.exe.config", "<a><b/></a>", None),
        ("a.txt", "{", None),
    ],
)
def test_well_formed(name: str, text: str, value: object) -> None:
    assert parse(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{\n"a": }', "line 2"),
        ("a.json", '{"a": 1, "a": 2}', "'a' is there twice"),
        ("a.json", '{"a": NaN}', "NaN is not JSON"),
        ("a.json", "", "line 1"),
        ("a.yaml", "a: 1\nb: [", "line 2"),
        ("a.yaml", "a: !!python/object:os.system x", "line 1"),
        ("a.toml", "a = 1\nb = ", "line 2|end of document"),
        ("a.ini", "b = 1", "line 1"),
        ("a.ini", "[a]\nb = 1\nb = 2", "line 3"),
        ("a.xml", "<a>\n<b></a>", "line 2"),
        ("a.config", "<a/><b/>", "line 1"),
    ],
)
def test_malformed_is_refused_with_its_line(name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(name, text)


def test_schema_fault_names_the_path() -> None:
    schema = {"properties": {"ports": {"items": {"type": "integer"}}}}
    assert schema_fault({"ports": [1]}, schema) is None
    assert schema_fault({"ports": [1, "x"]}, schema) == ("$.ports[1]", "'x' is not of type 'integer'")


@pytest.mark.parametrize(
    ("schema", "message"),
    [({"type": "nonsense"}, "no JSON Schema"), ({"$ref": "http://127.0.0.1:9/schema.json"}, "does not hold")],
)
def test_wrong_schema_is_refused_without_asking_the_network(schema: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        schema_fault({}, schema)
