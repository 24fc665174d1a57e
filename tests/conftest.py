# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from stage.house import Stage  # noqa: E402


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    """One provider for all stories of a run: each story orders a host name of its own."""
    with Stage(tmp_path_factory.mktemp("stage"), pool="127.77.0.0/22", stock=8) as s:
        s.customer, s.service = s.furnish()
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


@pytest.fixture
def own_stage(tmp_path):
    """A provider that a story may break."""
    with Stage(tmp_path, stock=2) as s:
        s.customer, s.service = s.furnish()
        yield s


@pytest.fixture
def host(request):
    """A host name of the story's own below the customer's zone."""
    host.count = getattr(host, "count", 0) + 1
    return f"owa{host.count}.contoso.com"
