"""A service that ran before us, registered by hand outside `releases\\`: adopted, replaced, given back."""

import json

from tests.end_to_end.site import CAPTURE, PLACED, TRADE_1, Site, answering, until

PLACE = TRADE_1, CAPTURE
FOLDER = "Legacy/DataCapture"
LINE = r'"C:\Legacy\DataCapture\Old.exe" --config C:\Legacy\DataCapture\old.json'


def test_what_ran_before_us_is_adopted_replaced_and_restored(fresh: Site) -> None:
    site, folder = fresh, fresh.disk(TRADE_1) / FOLDER
    folder.mkdir(parents=True)
    (folder / "Old.exe").write_text("SANDBOX-EXE native data-capture 0.9\n")
    (folder / "version.txt").write_text("0.9\n")
    settings = {"service": CAPTURE, "bind": site.play.address(11), "port": 5050, "logs": r"C:\Legacy\logs"}
    (folder / "old.json").write_text(json.dumps(settings))
    site.cmd(TRADE_1, f'sc.exe create {CAPTURE} binPath= "{LINE.replace(chr(34), chr(92) + chr(34))}" start= auto')
    site.cmd(TRADE_1, f"sc.exe failure {CAPTURE} reset= 3600 actions= restart/2000/restart/2000")
    site.cmd(TRADE_1, f"sc.exe description {CAPTURE} set-by-hand")
    site.cmd(TRADE_1, f"sc.exe start {CAPTURE}")
    until(lambda: answering(site, [PLACE]), "the old service answers")
    before, files = _registration(site), {path.name: path.read_bytes() for path in folder.iterdir()}

    site.build("1.0.1", "unhealthy", ["data-capture"])
    assert site.deploy("1.0.1", code=3)["outcome"] == "undone"
    assert site.health(*PLACE)["version"] == "0.9"
    assert _registration(site) == before

    assert site.deploy("1.0.0")["outcome"] == "committed"
    assert site.versions() == {"1.0.0"}
    assert _registration(site) != before
    assert site.status()[TRADE_1]["release"] == "1.0.0"

    end = site.rollback("--to", "unmanaged")
    assert (end["outcome"], end["to"]) == ("committed", "unmanaged")
    assert site.health(*PLACE)["version"] == "0.9"
    assert _registration(site) == before
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    others = [place for place in PLACED if place != PLACE]
    assert not any(answering(site, [place]) for place in others), "what was not there before is stopped again"


def _registration(site: Site) -> dict[str, object]:
    """The registry values of the service but those that are 0: to Windows that is the same as absent."""
    key = f"hklm\\system\\currentcontrolset\\services\\{CAPTURE}".lower()
    values = site.state(TRADE_1)["machine"]["registry"][key]["values"]
    return {name: value for name, value in values.items() if value[2] != 0}
