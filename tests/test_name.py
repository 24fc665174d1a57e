# SPDX-License-Identifier: Apache-2.0
"""`certdesk name` as people use it: no server, no configuration; and against the lists of others."""
import json
import os
import re
import unicodedata
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stage.command import Command

COMMAND = Command("name")
run, told, text, refused = COMMAND.run, COMMAND.told, COMMAND.text, COMMAND.refused

FIXTURES = Path(os.environ.get("CERTDESK_FIXTURES", Path(__file__).resolve().parents[2] / "shared" / "fixtures")) / "corpus" / "names"
LETTER_BEYOND = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def codes(said):
    return [f["code"] for f in said["findings"]]


def fixture(name):
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(f"no fixtures: {path}")
    return path.read_text(encoding="utf-8")


def each(names, *options):
    """What is said of many names, in their order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda name: told(*options, "--", name), names))


@pytest.fixture
def known(tmp_path):
    path = tmp_path / "known.txt"
    path.write_text("# sites\nmail.contoso.com\nowa.contoso.com   # since 2019\n\nfabrikam.co.uk\n")
    return path


# ---- what is said

def test_a_good_name():
    said = told("owa.contoso.com", status=0)
    assert said == {"asked": "owa.contoso.com", "verdict": "fine", "name": "owa.contoso.com", "domain": "contoso.com", "meant": None,
                    "mistake": "none", "letters": [], "findings": []}
    assert text("owa.contoso.com", status=0).split() == ["fine", "owa.contoso.com"]


def test_did_you_mean(known):
    said = told("owa.contsoo.com", "--known", known, status=1)
    assert (said["verdict"], said["meant"], said["mistake"]) == ("confirm", "owa.contoso.com", "swapped")
    assert codes(said) == ["FQDN_ALIKE"] and said["findings"][0]["severity"] == "hold"
    shown = text("owa.contsoo.com", "--known", known, status=1)
    assert "Did you mean owa.contoso.com?" in shown and '"o" and "s" have changed places' in " ".join(shown.split())


def test_what_does_not_exist_comes_with_what_does(known):
    said = told("owa.contoso.con", "--known", known, status=1)
    assert said["verdict"] == "refused" and codes(said) == ["FQDN_ENDING", "FQDN_MEANT"] and said["meant"] == "owa.contoso.com"
    assert 'Did you mean "owa.northwind.com"?' in told("owa.northwind.cmo", status=1)["findings"][0]["next"]
    assert codes(told("owa.contoso.local", status=1)) == ["FQDN_INTERNAL"]


def test_the_worst_comes_first(known):
    said = told("https://contosoo.com/owa", "--known", known, status=1)
    assert codes(said) == ["FQDN_CLEANED", "FQDN_ALIKE", "FQDN_APEX"]


def test_whose(known, tmp_path):
    others = tmp_path / "others.txt"
    others.write_text("northwind.com\n")
    own = ("--domain", "contoso.com", "--domain", "contoso.de", "--others", others)
    assert told("owa.contoso.de", *own, status=0)["verdict"] == "fine"
    said = told("owa.adatum.com", *own, status=1)
    assert codes(said) == ["FQDN_NOT_YOURS"] and "contoso.com, contoso.de" in said["findings"][0]["what"]
    said = told("owa.northwind.com", *own, status=1)
    assert codes(said) == ["FQDN_NOT_YOURS", "FQDN_OTHERS"]
    said = told("owa.nortwind.com", "--others", others, status=1)
    assert codes(said) == ["FQDN_OTHERS"] and said["meant"] is None and "northwind.com" not in json.dumps(said)


def test_what_the_service_needs():
    said = told("owa.contoso.com", "--service", "owa", status=0)
    assert codes(said) == ["AUTODISCOVER_MISSING", "PROTECTION_UNKNOWN"] and said["findings"][0]["what"].endswith(
        ": _autodiscover._tcp.contoso.com. SRV 0 0 443 owa.contoso.com.")
    said = told("owa.contoso.com", "--service", "owa", "--domain", "contoso.de", "--domain", "contoso.com", "--domain", "contoso.at", status=0)
    assert "autodiscover.contoso.com" in said["findings"][0]["what"] and "the same holds for contoso.de, contoso.at. They" in said["findings"][0]["what"]
    on = ("owa.contoso.com", "--service", "owa", "--extended-protection", "on")
    for more in ((), ("--backend-tls", "on")):
        assert "PROTECTION_ON" in codes(told(*on, *more, status=0))
    assert "PROTECTION_OFFLOAD" in codes(told(*on, "--backend-tls", "off", status=0))
    assert codes(told("owa.contoso.com", "--service", "sharepoint", "--extended-protection", "off", status=0)) == []
    assert codes(told("owa.contoso.com", "--url", "https://mail.contoso.com/owa", status=1)) == ["FQDN_SERVICE_MISMATCH"]


def test_letter_by_letter():
    said = told("xn--80ak6aa92e.com", status=0)  # all Cyrillic, looks like a fruit
    assert [(s["letter"], s["script"]) for s in said["letters"][:2]] == [("\u0430", "Cyrillic"), ("\u0440", "Cyrillic")]
    mixed = text("owa.c\u043entoso.com", status=1)
    assert "Latin and Cyrillic" in " ".join(mixed.split()) and re.search(r"6  \u043e  Cyrillic", mixed)


def test_big_letters_fit(known):
    shown = text("autodiscover.contosso.com", "--known", known, status=1)
    assert "###" in shown and max(map(len, shown.splitlines())) <= 90
    assert "###" not in text("owa.contoso.com", status=0)


def test_nothing_from_outside_reaches_the_terminal(known):
    for name in ("owa\x1b[2J.contoso.com", "\u202eowa.contoso.com", "owa.contoso.com\x07", "*.\x1b]0;x\x07"):
        for shown in (text(name, "--known", known), run("--json", name).stdout.decode()):
            assert not LETTER_BEYOND.search(shown), shown


# ---- with a server

def test_an_order_is_held_against_the_customers_domains(stage):
    cli = lambda *args: json.loads(stage.house.cli("--json", *args).stdout)  # noqa: E731
    customer = cli("customer", "add", "Adatum", "--mail", "a@adatum.com", "--organization", "Adatum GmbH", "--city", "Linz", "--country", "AT",
                   "--domain", "adatum.com", "--domain", "https://Adatum.at/")
    assert customer["domains"] == ["adatum.at", "adatum.com"]
    cli("mailboxes", "add", "Adatum", 300)
    cli("service", "add", "Adatum", "names", "--kind", "owa", "--backend", "exchange", "--pool", "edge-1")
    order = cli("order", "add", "owa.adatmu.com", "--service", "Adatum/names", "--mailboxes", 300)
    alike, = (f for f in order["findings"] if f["code"] == "FQDN_ALIKE")
    assert alike["severity"] == "hold" and "Did you mean owa.adatum.com?" in alike["title"]
    fine = cli("order", "add", "owa.adatum.at", "--service", "Adatum/names", "--mailboxes", 300)
    assert "FQDN_ALIKE" not in codes(fine) and "FQDN_NOT_YOURS" not in codes(fine) and "AUTODISCOVER_MISSING" in codes(fine)
    assert "_autodiscover._tcp.adatum.at. SRV 0 0 443 owa.adatum.at." in next(f for f in fine["findings"] if f["code"] == "AUTODISCOVER_MISSING")["what"]
    assert cli("customer", "change", "Adatum", "--domain", "adatum.com")["domains"] == ["adatum.com"]
    assert [e["action"] for e in stage.api.all("/events")].count("customer.domains") == 2


def test_an_order_knows_the_servers_behind(stage, host):
    """What the service's definition says of Exchange is told before the purchase: what is asked, once; what each certificate needs, at each."""
    cli = lambda *args: json.loads(stage.house.cli("--json", *args).stdout)  # noqa: E731
    name = stage.customer["name"]
    service = cli("service", "add", name, f"behind {host}", "--kind", "owa", "--backend", "exchange", "--pool", "edge-1")
    assert (service["protection"], service["backend_tls"], service["version"]) == ("unknown", "unknown", 1)
    order = lambda number: cli("order", "add", f"{number}-{host}", "--service", service["id"], "--mailboxes", 300)  # noqa: E731
    assert codes(order(1)) == ["AUTODISCOVER_MISSING", "PROTECTION_UNKNOWN"] and codes(order(2)) == []
    assert stage.house.cli("service", "change", service["id"], "--extended-protection", "perhaps", check=False).returncode != 0
    changed = cli("service", "change", service["id"], "--extended-protection", "on", "--backend-tls", "off")
    assert (changed["protection"], changed["backend_tls"], changed["version"]) == ("on", "off", 2) == tuple(
        cli("service", "show", service["id"])[member] for member in ("protection", "backend_tls", "version"))
    last = order(3)
    assert codes(last) == ["PROTECTION_OFFLOAD"] and last["findings"][0]["severity"] == "warn" and "doubted" not in last["facts"]
    cli("service", "change", service["id"], "--backend-tls", "on")
    assert codes(order(4)) == ["PROTECTION_ON"]
    assert "on" in stage.house.cli("service", "list").stdout and "PROTECTION" in stage.house.cli("service", "list").stdout
    assert [e["action"] for e in stage.api.all("/events") if e["object_id"] == service["id"]] == ["service.added", "service.changed", "service.changed"]


# ---- wrong use

def test_files_that_cannot_be_used(tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_text("contoso.com\n\n# fine\nowa_mail.contoso.com\n")
    assert f"{bad}:4:" in refused("a.contoso.com", "--known", bad) and "an underscore" in refused("a.contoso.com", "--known", bad)
    assert "does not exist" in refused("a.contoso.com", "--known", tmp_path / "none")
    assert f"{bad}:4:" in refused("a.contoso.com", "--others", bad)
    assert "only once" in refused("a.contoso.com", "--known", "-", "--others", "-")


def test_options_that_make_no_sense():
    assert "none of owa" in refused("a.contoso.com", "--service", "owaa")
    assert "neither on nor off" in refused("a.contoso.com", "--extended-protection", "maybe")
    assert "--backend-tls" in refused("a.contoso.com", "--backend-tls", "bridged")
    assert "--domain" in refused("a.contoso.com", "--domain", "localhost")
    assert "--url" in refused("a.contoso.com", "--url", "https://192.0.2.1/")
    assert "HOST is missing" in refused()


def test_known_names_by_standard_input():
    assert told("owa.contosoo.com", "--known", "-", input=b"contoso.com\n", status=1)["meant"] == "owa.contoso.com"


# ---- the lists of others

# Two slips: "en" became "ler". All other look-alikes are named.
TWO_SLIPS = {"kundlerportal.de"}


def test_all_look_alikes_of_dnstwist(tmp_path):
    lists = json.loads(fixture("lookalikes_dnstwist.json"))
    known = tmp_path / "known.txt"
    known.write_text("".join(f"{name}\n" for name in lists))
    asked = [(name, kind, alike) for name, kinds in lists.items() for kind, names in kinds.items() for alike in names]
    missed, count = [], Counter()
    for (name, kind, alike), said in zip(asked, each([a for _, _, a in asked], "--known", known)):
        count[kind] += 1
        if kind == "*original":
            assert said["verdict"] == "fine" or codes(said) == ["FQDN_APEX"], said
        elif said["verdict"] == "fine" or not said["meant"] or not said["meant"].endswith(name):
            missed.append(alike)
    assert set(missed) == TWO_SLIPS, missed
    assert sum(count.values()) > 800 and len(count) >= 16, count


# Of the names that the list of public suffixes gives a domain, those of documentation are refused before (H-04).
OF_DOCUMENTATION = re.compile(r"(^|\.)example(\.com)?$", re.I)


def test_public_suffixes():
    rows, agreed = [row for row in json.loads(fixture("psl.json")) if row["host"]], 0
    for row, said in zip(rows, each([row["host"] for row in rows])):
        wanted = row["registrable_domain"]
        if said["verdict"] == "refused":
            assert wanted is None or OF_DOCUMENTATION.search(row["host"]), (row, said)
        elif wanted:
            agreed += 1
            assert said["domain"] == wanted.encode("idna").decode(), (row, said)
        else:  # a suffix of the PRIVATE section is somebody's name
            assert row["host"] == "uk.com" and said["domain"] == "uk.com", (row, said)
    assert agreed > 20


# Rows that UTS 46 finds an error in and we do not; refused they are all the same, for their ending. 538: which directions labels may
# have beside each other (B1) is not looked at by libidn2. 3430: a zero-width character at the beginning is taken off as white space (H-01).
READ_ALL_THE_SAME = {538, 3430}


def is_a_sign(row):
    """UTS 46 lets signs and odd numbers pass, which no registry has had since IDNA2008."""
    return any(unicodedata.category(c)[0] in "SP" or unicodedata.category(c) == "No" for c in row["to_unicode"].replace(".", ""))


def test_idna():
    rows, agreed = json.loads(fixture("idna.json")), Counter()
    for row, said in zip(rows, each([row["input"] for row in rows])):
        code = (codes(said) or ["none"])[0]
        if row["error"]:
            assert said["verdict"] == "refused", (row, said)
            assert said["name"] is None or row["line"] in READ_ALL_THE_SAME, (row, said)
            continue
        agreed[code] += 1
        if said["name"]:
            assert said["name"] == row["to_ascii"].rstrip("."), (row, said)
        # no ending that exists; one part alone; alphabets that no language mixes; signs
        assert said["verdict"] != "refused" or code in ("FQDN_ENDING", "FQDN_INTERNAL", "FQDN_INCOMPLETE", "FQDN_LOOKALIKE") or (
            code == "FQDN_PUNYCODE" and is_a_sign(row)), (row, said)
    assert sum(agreed.values()) == 150 and agreed["FQDN_APEX"] > 10, agreed


def letters_of_europe(character):
    name = unicodedata.name(character, "")
    return name.split()[0] in ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN") and unicodedata.category(character) == "Ll"


def test_confusables(tmp_path):
    known = tmp_path / "known.txt"
    missed, count = [], 0
    rows = [line.split(";")[:2] for line in fixture("confusables_ascii_targets.txt").splitlines() if ";" in line and not line.startswith("#")]
    pairs = [(chr(int(a, 16)), chr(int(b, 16))) for a, b in rows if " " not in b.strip()]
    pairs = [(a, b) for a, b in pairs if b.isalnum() and b.islower() and letters_of_europe(a) and unicodedata.normalize("NFKC", a) == a]
    known.write_text("".join(f"contoso{b}{b}name.com\n" for b in sorted({b for _, b in pairs})))
    for (a, b), said in zip(pairs, each([f"contoso{a}{a}name.com" for a, _ in pairs], "--known", known)):
        count += 1
        if said["meant"] != f"contoso{b}{b}name.com" or said["mistake"] != "look":
            missed.append((a, unicodedata.name(a), b, said["verdict"], said["meant"], codes(said)))
    assert count > 20 and not missed, missed
