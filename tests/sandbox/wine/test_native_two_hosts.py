"""Two Wine machines: Data Capture on both, Order Manager on one."""

from tests.sandbox.wine.native_site import CAPTURE, ON_ONE, TWO, NativeSite, Place, Serving, versions

ON_TWO = (*ON_ONE, (TWO, CAPTURE))


def test_a_second_host_joins_comes_back_with_the_first_and_what_is_changed_by_hand_is_found(
    native: NativeSite, before: dict[Place, Serving]
) -> None:
    good = str(native.release)
    native.stretch(2)
    native.deploy(good)
    joined = native.serving(ON_TWO)
    assert versions(joined) == {good}
    assert [joined[place].folder for place in ON_ONE] == [before[place].folder for place in ON_ONE]
    listening = [line.strip() for line in native.run("sandbox.status").stdout.splitlines() if "listening" in line]
    assert listening == ["listening on 5050, 5055", "listening on 5050"]
    assert "nothing to do" in native.run("plan", "--env", "dev", "--release", good).stdout

    native.deploy(native.build(broken=True), code=3)
    assert {place: each.folder for place, each in native.serving(ON_TWO).items()} == {
        place: each.folder for place, each in joined.items()
    }

    native.cmd(TWO, f"sc.exe config {CAPTURE} start= demand")
    found = native.run("drift", "--env", "dev", "--json", code=6).document()["drift"]
    assert [(each["host"], each["service"]) for each in found] == [(TWO, CAPTURE)]
