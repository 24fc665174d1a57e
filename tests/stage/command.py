# SPDX-License-Identifier: Apache-2.0
"""A verb of the command that needs no server, as people and scripts run it."""
import json
import os
import subprocess

from .house import build_folder

PROGRAM = build_folder() / "src" / "programs" / "certdesk"
UTF8 = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


class Command:
    def __init__(self, verb):
        self.line = [PROGRAM, verb]

    def run(self, *args, env=None, **more):
        return subprocess.run([*self.line, *map(str, args)], capture_output=True, env=env or UTF8, timeout=60, **more)

    def told(self, *args, status=None, **more):
        """What it says in JSON; with that status, or with either that is not about mistakes."""
        r = self.run("--json", *args, **more)
        assert r.returncode in ((0, 1) if status is None else (status,)), r.stdout + r.stderr
        return json.loads(r.stdout)

    def text(self, *args, status=None, **more):
        r = self.run(*args, **more)
        assert status is None or r.returncode == status, r.stdout.decode() + r.stderr.decode()
        return r.stdout.decode()

    def refused(self, *args, **more):
        r = self.run(*args, **more)
        assert r.returncode == 2 and not r.stdout, r
        return r.stderr.decode()
