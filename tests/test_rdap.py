# SPDX-License-Identifier: Apache-2.0
"""The reader of RDAP answers against those of real registries, row by row of the fixtures' list.

What is not held against the list, and why:
- `tel`, `contact_uri`, `remarks`: not read; nothing needs a telephone number of somebody who is not our customer, and of remarks only
  whether they say that something is kept back (src/check/rdap_card.c).
- null and "" are one thing to us: nothing is there.
- A street of several lines comes as one text, with commas; a label's line breaks become blanks.
"""
import json
import os
import subprocess
from pathlib import Path

import pytest

from stage.house import build_folder

PROGRAM = build_folder() / "src" / "programs" / "certdesk"
CORPUS = Path(os.environ.get("CERTDESK_FIXTURES", Path(__file__).resolve().parents[2] / "shared" / "fixtures")) / "corpus"
LIST = CORPUS / "expectations.json"
ROWS = json.loads(LIST.read_text())["rdap"] if LIST.exists() else []
PLACES = {"po_box": "post_box", "extended": "extended", "street": "street", "city": "city", "region": "region",
          "postal_code": "postal_code", "country": "country", "cc": "country_code", "label": "label"}


def read(path):
    r = subprocess.run([PROGRAM, "org", "--rdap-file", path, "--json"], capture_output=True, timeout=60)
    assert r.returncode in (0, 1), r.stderr
    return json.loads(r.stdout)["registration"]["answer"]


def text(value):
    return " ".join((", ".join(v for v in value if v) if isinstance(value, list) else value or "").split())


def check_contact(expected, got):
    assert (expected is None) == (got is None)
    if expected is None:
        return
    for theirs, ours in {"handle": "handle", "kind": "kind", "fn": "name", "org": "organization", "email": "email"}.items():
        assert text(expected.get(theirs)) == got.get(ours, ""), theirs
    assert expected["has_vcard"] == got["has_card"]
    assert {PLACES[k]: text(v) for k, v in (expected.get("adr") or {}).items()} == got["address"]


@pytest.mark.skipif(not ROWS, reason="the fixtures are not there")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: Path(row["file"]).stem)
def test_row(row):
    expected, got = row["expect"], read(CORPUS / row["file"])
    assert got["outcome"] == expected["outcome"]
    assert got.get("error_code") == expected.get("error_code")
    for theirs, ours in {"object_class": "object_class", "ldh_name": "name", "unicode_name": "unicode_name", "handle": "handle"}.items():
        assert got.get(ours, "") == text(expected.get(theirs)), theirs
    assert got["status"] == (expected.get("status") or [])
    assert got["name_servers"] == (expected.get("nameservers") or [])
    assert {e["action"]: e.get("date", "") for e in got["events"]} == (expected.get("events") or {})
    assert got.get("signed") == expected.get("delegation_signed")
    check_contact(expected.get("registrant"), got["registrant"])
    if "registrar" in expected:
        check_contact(expected["registrar"], got["registrar"])
        assert got.get("registrar_id") == (expected["registrar"] or {}).get("iana_id")
    assert got["lists_redacted"] == expected["rfc9537"]
    assert [(e.get("name"), e.get("method")) for e in got["redacted"]] == [
        (e["name"], e["method"]) for e in expected.get("rfc9537_redacted") or []]
    for field, theirs in {"organization": "org", "name": "name", "email": "email"}.items():
        assert got[f"registrant_{field}_state"] == expected[f"registrant_{theirs}_state"], field


# What is ordered beside what they show. Of the first four the list has `absent` or `present`, and a person sees more: that everything is kept
# back for all entities (example-5, example-19), by a remark (home.moscow), or that a service stands in for the owner (bitcoin.org).
BESIDE = [
    ("redacted-examples__example-5_net", "Contoso", "US", "redacted"),
    ("redacted-examples__example-19_net", "Contoso", "US", "redacted"),
    ("icann-rdap__home.moscow", "Contoso", "RU", "redacted"),
    ("whodap__bitcoin.org", "Contoso", "US", "redacted"),
    ("whodap__deep.surf", "Contoso", "US", "redacted"),
    ("redacted-examples__example-1_net", "Contoso", "CA", "redacted"),
    ("icann-ct__valid_org", "Contoso", "CA", "redacted"),
    ("redacted-examples__example-11_net", "Example Registrar, Inc", "US", "match"),
    ("whodap__google.com", "GOOGLE L.L.C.", "US", "match"),
    ("whodap__amazon.cyou", "Amazon Technologies Incorporated", "US", "match"),
    ("icann-rdap__lemonde.fr", "Soci\u00e9t\u00e9 \u00c9ditrice du Monde", "FR", "match"),
    ("icann-ct__nomeo_multi_entity_response", "Kreos Services", "BE", "match"),
    ("icann-ct__nomeo_multi_entity_response", "Kreos Services NV", "BE", "similar"),
    ("icann-rdap__lemonde.fr", "Contoso", "FR", "different"),
    ("rdap-guide__domain-dnr", "Alice Allison", "US", "unavailable"),
    ("whoisit__data_rdap_response_domain2", "Contoso", "NO", "unavailable"),
    ("openrdap__domain-example.cz", "Contoso", "CZ", "unavailable"),
]


@pytest.mark.skipif(not ROWS, reason="the fixtures are not there")
@pytest.mark.parametrize("file,name,country,result", BESIDE)
def test_beside_an_order(file, name, country, result):
    r = subprocess.run([PROGRAM, "org", "--name", name, "--city", "Springfield", "--country", country, "--json", "--rdap-file",
                        CORPUS / "rdap" / f"{file}.json"], capture_output=True, timeout=60)
    said = json.loads(r.stdout)
    assert said["owner"]["result"] == result, said["owner"]
    assert not [f for f in said["findings"] if f["code"].startswith("ORG_") and f["severity"] in ("hold", "reject")]


@pytest.mark.skipif(not ROWS, reason="the fixtures are not there")
def test_no_row_is_left_out():
    assert {Path(r["file"]).name for r in ROWS} | {"bootstrap_dns.json"} == {p.name for p in (CORPUS / "rdap").iterdir()}
