# SPDX-License-Identifier: Apache-2.0
"""An API client that holds every answer against docs/openapi.yaml: path, method, status, and each member of the body."""
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
import yaml

from .house import Api

DESCRIPTION = yaml.safe_load((Path(__file__).resolve().parents[2] / "docs/openapi.yaml").read_text())


def resolved(node):
    while "$ref" in node:
        place = DESCRIPTION
        for word in node["$ref"][2:].split("/"):
            place = place[word]
        node = place
    return node


def as_json_schema(node):
    """OpenAPI 3.0's dialect as JSON Schema, and closed: a member that is not described is a mistake, too."""
    node = {**resolved(node)}
    if node.pop("nullable", False):
        return {"anyOf": [{"type": "null"}, as_json_schema(node)]}
    if "properties" in node:
        node["properties"] = {name: as_json_schema(value) for name, value in node["properties"].items()}
        node.setdefault("additionalProperties", False)
    if isinstance(node.get("additionalProperties"), dict):
        node["additionalProperties"] = as_json_schema(node["additionalProperties"])
    if "items" in node:
        node["items"] = as_json_schema(node["items"])
    if "allOf" in node:
        parts = [as_json_schema(part) for part in node.pop("allOf")]
        merged = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
        for part in [*parts, node]:
            merged["properties"].update(part.get("properties", {}))
            merged["required"] += part.get("required", [])
        return merged
    return node


def operation(method, path):
    """(template, operation) that the description has for a request."""
    path = path.split("?")[0]
    for template, item in DESCRIPTION["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in item:
            return template, item[method.lower()]
    raise AssertionError(f"{method} {path} is not described")


class CheckedApi(Api):
    def __init__(self, base, token):
        super().__init__(base, token)
        self.seen = set()

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, body as JSON or text), checked."""
        request = urllib.request.Request(self.base + "/api/v1" + path, method=method, data=None if body is None else json.dumps(body).encode())
        for name, value in {"Authorization": "Bearer " + self.token, **({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})}.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, got, content = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as e:
            status, got, content = e.code, e.headers, e.read()
        return status, got, self.check(method, path, status, got.get("Content-Type", ""), content)

    def check(self, method, path, status, kind, content):
        template, described = operation(method, path)
        answers = described["responses"]
        found = resolved(answers.get(str(status)) or answers["default"])
        kind = kind.split(";")[0]
        assert kind in found["content"], (method, path, status, kind, sorted(found["content"]))
        self.seen.add((method, template, status))
        if "json" not in kind:
            return content.decode()
        value = json.loads(content)
        jsonschema.validate(value, as_json_schema(found["content"][kind]["schema"]))
        return value
