# SPDX-License-Identifier: Apache-2.0
"""What every driver of a load balancer promises (src/balancer/balancer.h), by the same tables for all of them."""
import pytest

from stage.rigs import DONE, RIGS, failpoints

FIRST = ["stage", "check", "activate", "route", "verify", "persist", "settle"]
RENEWAL = ["stage", "check", "activate", "verify", "persist", "settle"]
NOTHING = []

LIFE = [  # op, which certificate, the one before it, what is said, what is served then, the plan before it
    ("withdraw", "A", None, DONE, None, None),
    ("install", "A", None, ("done",), "A", FIRST),
    ("install", "A", None, ("done before",), "A", NOTHING),
    ("install", "B", "A", ("done",), "B", RENEWAL),
    ("install", "B", "A", ("done before",), "B", NOTHING),
    ("rollback", "B", "A", ("done",), "A", None),
    ("install", "A", None, ("done before",), "A", NOTHING),
    ("install", "B", "A", ("done",), "B", RENEWAL),
    ("install", "C", "B", ("done",), "C", RENEWAL),
    ("install", "C+", "C", ("done",), "C+", RENEWAL),  # the same with another chain
    ("install", "C+", "C", ("done before",), "C+", NOTHING),
    ("withdraw", "C+", None, DONE, None, None),
    ("withdraw", "C+", None, DONE, None, None),
    ("install", "C", None, ("done",), "C", FIRST),
    ("rollback", "C", None, DONE, None, None),  # there is none to go back to: off
]

COMMON = ["balancer.staged", "balancer.checked", "balancer.activated", "balancer.routed", "balancer.verified", "balancer.persisted"]
OWN = {"haproxy": ["haproxy.drafted", "haproxy.kept", "haproxy.listed"]}
UNDO = {"haproxy": ["haproxy.unrouted", "haproxy.unlisted", "haproxy.delisted"]}
POINTS = [(name, point) for name in RIGS for point in COMMON + OWN.get(name, [])]
UNDO_POINTS = [(name, point) for name in UNDO for point in UNDO[name]]


@pytest.fixture(scope="module")
def rigs(tmp_path_factory):
    """One of each kind, started when it is needed first."""
    running = {}

    def get(name):
        if name not in running:
            running[name] = RIGS[name](tmp_path_factory.mktemp(name))
            running[name].start()
        return running[name]
    yield get
    for rig in running.values():
        rig.stop()


@pytest.fixture(params=RIGS)
def rig(request, rigs):
    return rigs(request.param)


def expected(rig, plan):
    return [verb for verb in plan if verb != "route" or rig.routes]


def verbs(plan):
    """Each once, in the order of the steps."""
    return list(dict.fromkeys(step["verb"] for step in plan["steps"]))


def planned(site, files, previous=None):
    """The verbs and objects of the plan, for which nothing was written."""
    mark = site.rig.mark()
    said = site.drive("plan", files, previous)
    assert said["result"] == "done" and site.rig.mark() == mark and said["steps"] == []
    assert ("nothing to do" in said["words"]) == (said["plan"]["steps"] == [])
    return verbs(said["plan"]), {step["object"] for step in said["plan"]["steps"]}


def taken(rig, steps):
    """Nobody verifies what is not there."""
    return [s for s in FIRST if s in steps or (s == "verify" and steps and type(rig).__name__ == "DryRig")]


def install(site, files, previous=None):
    said, _ = site.until_done("install", files, previous)
    assert said["result"] in DONE and site.serves(files), said


def row(site, certificates, op, which, before, says, serves, plan):
    rig, files, previous = site.rig, certificates[which], certificates.get(before)
    objects, had = set(), rig.has(site)
    if plan is not None:
        todo, objects = planned(site, files, previous)
        assert todo == expected(rig, plan)
    mark = rig.mark()
    said, steps = site.until_done(op, files, previous)
    if plan is not None:  # nothing was made or changed that was not in the plan
        assert not {name for name, now in rig.has(site).items() if had.get(name) != now} - objects
    assert said["result"] in says, said
    assert site.serves(certificates.get(serves)) and rig.left(site) == []
    if says == ("done",):
        rig.restart()
        assert site.serves(certificates.get(serves))
    if plan:
        assert taken(rig, steps) == expected(rig, plan), said
    if plan == NOTHING:
        assert rig.mark() == mark and not set(steps) - {"verify", "persist"}
    if serves is None:
        assert rig.belongings(site) == []


def test_a_life(rig):
    """From first to withdrawn, step by step; a neighbour's site is served all the time."""
    site, neighbour = rig.site(), rig.site()
    theirs = neighbour.leaf()
    row(neighbour, {"A": theirs}, *LIFE[1])
    certificates = {name: site.leaf() for name in "ABC"}
    certificates["C+"] = rig.longer(certificates["C"])
    for number, line in enumerate(LIFE):
        try:
            row(site, certificates, *line)
        except AssertionError as wrong:
            raise AssertionError(f"row {number}, {line}: {wrong}") from wrong
        assert neighbour.serves(theirs), line
    assert rig.sessions() == 0


def test_what_is_seen(rig):
    """Observing tells one certificate from another, and the same again after a withdrawal."""
    site = rig.site()
    old, new = site.leaf(), site.leaf()

    def seen(files):
        mark = rig.mark()
        said = site.drive("observe", files)
        assert rig.mark() == mark and said["words"]
        return said["seen"]
    assert not seen(old)["active"] and not seen(old)["same"]
    install(site, old)
    assert seen(old) == {"active": True, "same": True, "on_disk": True, "disk_same": True, "routed": True}
    assert not seen(new)["same"]
    install(site, new, old)
    assert seen(new)["disk_same"] and not seen(old)["same"]
    site.until_done("withdraw", new)
    assert not seen(new)["active"]


@pytest.mark.parametrize("name", [name for name in RIGS if RIGS[name].has_keys])
def test_a_wrong_key_is_never_served(rigs, name):
    rig = rigs(name)
    site = rig.site()
    old, new, other = site.leaf(), site.leaf(), site.leaf()
    for files, previous in ((old, None), (new, old)):
        for _ in range(2):
            said = site.drive("install", files, previous, key=other["key"])
            assert said["result"] not in DONE, said
            if said["result"] == "to be done by hand":
                rig.help("install", site)
            assert site.serves(previous), said
        install(site, files, previous)
        assert rig.left(site) == []
    site.until_done("withdraw", new)


@pytest.mark.parametrize("name", [name for name in RIGS if RIGS[name].proves])
def test_what_is_not_proven_goes_back(rigs, name):
    rig = rigs(name)
    site = rig.site()
    old, new = site.leaf(), site.leaf()
    said = site.drive("install", old, doubt=True)
    assert said["result"] == "refused" and "doubted" in said["words"] and "taken off" in said["words"]
    assert site.serves(None) and rig.left(site) == rig.belongings(site) == []
    install(site, old)
    said = site.drive("install", new, old, doubt=True)
    assert said["result"] == "refused" and "previous" in said["words"] and site.serves(old) and rig.left(site) == []
    said = site.drive("install", old, doubt=True)  # served and kept: nothing is better, so nothing is taken away
    assert said["result"] == "refused" and site.serves(old)
    install(site, new, old)
    site.until_done("withdraw", new)


def test_all_failpoints_are_passed():
    listed = failpoints()
    if not listed:
        pytest.skip("a build without failpoints")
    known = {*COMMON, *(p for points in (*OWN.values(), *UNDO.values()) for p in points)}
    assert set(listed) == known


def die(site, op, files, previous, point):
    """Runs it until it died there; False: it came to its end without passing."""
    said, _ = site.until_done(op, files, previous, failpoint=point)
    return said is None


@pytest.mark.parametrize("name,point", POINTS)
def test_dies_and_comes_again(rigs, name, point):
    """The certificate before, or the new one, is served at any moment, and the next run brings it to its end."""
    if point not in failpoints():
        pytest.skip("a build without failpoints")
    rig = rigs(name)
    site = rig.site()
    old, new = site.leaf(), site.leaf()
    passed = []
    for files, previous in ((old, None), (new, old)):
        passed.append(die(site, "install", files, previous, point))
        assert site.serves(files) or site.serves(previous), point
        if point in ("balancer.staged", "balancer.checked") and rig.proves:
            assert site.serves(previous)
        install(site, files, previous)
        assert rig.left(site) == [] and planned(site, files, previous) == (NOTHING, set())
    assert any(passed) or (point == "balancer.routed" and not rig.routes)
    site.until_done("withdraw", new)
    assert site.serves(None) and rig.belongings(site) == []


@pytest.mark.parametrize("name,point", UNDO_POINTS)
def test_dies_while_it_takes_off(rigs, name, point):
    if point not in failpoints():
        pytest.skip("a build without failpoints")
    rig = rigs(name)
    site = rig.site()
    files = site.leaf()
    install(site, files)
    assert die(site, "withdraw", files, None, point)
    site.until_done("withdraw", files)
    assert site.serves(None) and rig.belongings(site) == []
