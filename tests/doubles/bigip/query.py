# SPDX-License-Identifier: Apache-2.0
"""$select, $filter, $top and $skip of a GET (bigip.md section 1)."""
import re
import urllib.parse

from . import errors

FILTER = re.compile(r"^\s*(\w+)\s+eq\s+'?([^']+?)'?\s*$")


def text_of(query):
    """The query as a selfLink repeats it, ready for ver=."""
    return "".join(f"{name}={urllib.parse.quote_plus(value, safe=',/:~')}&" for name, value in query.items() if name != "ver")


def select(query, item):
    names = [n for n in query.get("$select", "").split(",") if n]
    return {name: item[name] for name in names if name in item} if names else item


def matches(query):
    """The $filter as a function of an object or of an answer's item; partition is what clients ask for."""
    if "$filter" not in query:
        return lambda thing: True
    found = FILTER.match(query["$filter"])
    if not found or found[1] not in ("partition", "name", "fullPath"):
        raise errors.rest("bad-value", name="$filter", value=query["$filter"])
    member, wanted = found.groups()
    attribute = {"fullPath": "path"}.get(member, member)
    return lambda thing: (thing.get(member, wanted) if isinstance(thing, dict) else getattr(thing, attribute)) == wanted


def number(query, name):
    try:
        return max(0, int(query[name]))
    except ValueError as error:
        raise errors.rest("bad-value", name=name, value=query[name]) from error


def page(query, things, path, version):
    """The things asked for, and the paging members of the answer."""
    if "$top" not in query and "$skip" not in query:
        return things, {}
    skip = number(query, "$skip") if "$skip" in query else 0
    top = number(query, "$top") if "$top" in query else len(things)
    cut = things[skip:skip + top] if top else []
    size = max(top, 1)
    paging = {"currentItemCount": len(cut), "itemsPerPage": top, "pageIndex": skip // size + 1, "startIndex": skip + 1,
              "totalItems": len(things), "totalPages": max(1, -(-len(things) // size))}

    def other(start):
        return f"https://localhost/mgmt/tm/{path}?{text_of({**query, '$top': str(top), '$skip': str(start)})}ver={version}"
    if skip + top < len(things):
        paging["nextLink"] = other(skip + top)
    if skip:
        paging["previousLink"] = other(max(0, skip - top))
    return cut, paging


def listed(query, items, path, version):
    """The members of a collection's answer, of items that are made already."""
    keep = matches(query)
    cut, paging = page(query, [item for item in items if keep(item)], path, version)
    return {**paging, "items": [select(query, item) for item in cut]}
