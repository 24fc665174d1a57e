# SPDX-License-Identifier: Apache-2.0
"""iRules as far as redirects need them: `when HTTP_REQUEST` with set, if, elseif, else, return, pool, HTTP::respond and
HTTP::redirect; conditions of and, or, not, eq, equals, contains, starts_with, ends_with; $variables, [HTTP::path], [HTTP::uri],
[HTTP::host], [HTTP::method], [getfield TEXT MARK N] and [string tolower TEXT]. Anything else is Unknown, and then the rule does nothing here."""
import re

TOKENS = re.compile(r'\s*("(?:\\.|[^"\\])*"|\[|\]|\(|\)|\$\w+|[^\s\[\]()"]+)')
COMPARE = {"eq": str.__eq__, "equals": str.__eq__, "==": str.__eq__, "contains": str.__contains__, "starts_with": str.startswith,
           "ends_with": str.endswith}


class Unknown(Exception):
    """A word that is not played."""


class Request:
    def __init__(self, method, target, host):
        self.values = {"HTTP::method": method, "HTTP::uri": target, "HTTP::path": target.split("?")[0], "HTTP::host": host}
        self.variables = {}
        self.answer = None  # ("respond", status, location), ("pool", name), ("pass",)


def block_end(text, start):
    """Where the brace that opens at start is closed; braces in quotes do not count."""
    depth, quoted = 0, False
    for at in range(start, len(text)):
        c = text[at]
        if c == '"' and text[at - 1] != "\\":
            quoted = not quoted
        elif not quoted and c in "{}":
            depth += 1 if c == "{" else -1
            if depth == 0:
                return at
    raise Unknown("a brace is not closed")


def statements(text):
    """The commands of a body, each as its words; a word in braces comes without them, as ("block", text)."""
    words, at = [], 0
    while at < len(text):
        c = text[at]
        if c in "\n;":
            if words:
                yield words
            words, at = [], at + 1
        elif c.isspace():
            at += 1
        elif c == "#" and not words:
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        elif c == "{":
            end = block_end(text, at)
            words.append(("block", text[at + 1:end]))
            at = end + 1
        else:
            end, depth, quoted = at, 0, False
            while end < len(text) and (quoted or depth or not (text[end].isspace() or text[end] in ";{")):
                quoted ^= text[end] == '"'
                depth += {"[": 1, "]": -1}.get(text[end], 0)
                end += 1
            words.append(text[at:end])
            at = end
    if words:
        yield words


def command(request, text):
    words = [value(request, w) if n else w for n, w in enumerate(split(text))]
    if len(words) == 1 and words[0] in request.values:
        return request.values[words[0]]
    if words[0] == "getfield" and len(words) == 4:
        parts = words[1].split(words[2])
        return parts[int(words[3]) - 1] if int(words[3]) <= len(parts) else ""
    if words[:1] == ["string"] and words[1] == "tolower" and len(words) == 3:
        return words[2].lower()
    raise Unknown(text)


def split(text):
    return [w for statement in statements(text) for w in statement]


def value(request, word):
    """A word with its commands and variables put in."""
    if isinstance(word, tuple):
        return word[1]
    word = word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word
    out, at = "", 0
    while at < len(word):
        if word[at] == "[":
            end, depth = at, 0
            while True:
                depth += {"[": 1, "]": -1}.get(word[end], 0)
                if depth == 0:
                    break
                end += 1
            out, at = out + command(request, word[at + 1:end]), end + 1
        elif word[at] == "$":
            name = re.match(r"\w+", word[at + 1:])[0]
            if name not in request.variables:
                raise Unknown(f"${name} was not set")
            out, at = out + request.variables[name], at + 1 + len(name)
        else:
            out, at = out + word[at], at + 1
    return out


class Condition:
    """or over and over not over comparisons."""

    def __init__(self, request, text):
        self.request, self.words, self.at = request, self.cut(text), 0

    def cut(self, text):
        """Words as in a command, but parentheses stand alone."""
        words = []
        for word in split(text):
            while isinstance(word, str) and word.startswith("("):
                words.append("(")
                word = word[1:]
            tail = []
            while isinstance(word, str) and word.endswith(")"):
                tail.append(")")
                word = word[:-1]
            words += ([word] if word else []) + tail
        return words

    def next(self):
        return self.words[self.at] if self.at < len(self.words) else None

    def take(self):
        self.at += 1
        return self.words[self.at - 1]

    def any(self):
        found = self.all()
        while self.next() in ("or", "||"):
            self.take()
            found = self.all() or found
        return found

    def all(self):
        found = self.one()
        while self.next() in ("and", "&&"):
            self.take()
            found = self.one() and found
        return found

    def one(self):
        if self.next() in ("not", "!"):
            self.take()
            return not self.one()
        if self.next() == "(":
            self.take()
            found = self.any()
            if self.take() != ")":
                raise Unknown("a parenthesis is not closed")
            return found
        left, sign, right = value(self.request, self.take()), self.take(), value(self.request, self.take())
        if sign not in COMPARE:
            raise Unknown(sign)
        return COMPARE[sign](left, right)


def branch(words, request):
    """if COND BODY [elseif COND BODY]... [else BODY]"""
    words = list(words)
    while words:
        kind = words.pop(0)
        if kind == "else":
            return run(words.pop(0)[1], request)
        if kind not in ("if", "elseif"):
            raise Unknown(str(kind))
        condition, body = words.pop(0), words.pop(0)
        parser = Condition(request, condition[1])
        holds = parser.any()
        if parser.next() is not None:
            raise Unknown(str(parser.next()))
        if holds:
            return run(body[1], request)
    return False


def run(body, request):
    """True when the rule has ended."""
    for words in statements(body):
        name, rest = words[0], words[1:]
        if name == "if":
            if branch(words, request):
                return True
        elif name == "set":
            request.variables[rest[0]] = value(request, rest[1])
        elif name == "return":
            return True
        elif name == "pool":
            request.answer = ("pool", value(request, rest[0]))
        elif name == "HTTP::redirect":
            request.answer = ("respond", 302, value(request, rest[0]))
        elif name == "HTTP::respond":
            location = value(request, rest[2]) if rest[1:2] == ["Location"] else None
            request.answer = ("respond", int(rest[0]), location)
        else:
            raise Unknown(str(name))
    return False


def answer(text, method, target, host):
    """What a rule does with a request: ("respond", status, location or None), ("pool", name) or None."""
    request = Request(method, target, host)
    found = re.search(r"when\s+HTTP_REQUEST\s*\{", text)
    if found:
        start = found.end() - 1
        try:
            run(text[start + 1:block_end(text, start)], request)
        except (IndexError, ValueError, TypeError) as error:
            raise Unknown(str(error)) from error
    return request.answer
