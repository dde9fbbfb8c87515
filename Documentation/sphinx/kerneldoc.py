# SPDX-License-Identifier: GPL-2.0-only
"""
The directive "kernel-doc": shows the kernel-doc comments of a source file.

    .. kernel-doc:: heap/api.h
       :identifiers: contig_place contig_stat

The path starts at the top of the repository. Without identifiers, all structures and enums are
shown, and of functions those that the file exports.
"""
import os
import re

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMENT = re.compile(r"^/\*\*\n(.*?)^ \*/\n+([^{;]*)", re.M | re.S)
TITLE = re.compile(r"(?:(struct|enum) )?(\w+)(?:\(\))? - (.*)")
EXPORT = re.compile(r"^(?:CONTIG|PMEM)_EXPORT\((\w+)\);", re.M)


def escape(text):
    """Plain text as reStructuredText; @name as a literal."""
    text = re.sub(r"([\\*`|])", r"\\\1", text)
    text = re.sub(r"_(?!\w)", r"\\_", text)
    return re.sub(r"@(\w+(?:->\w+)*)", r"``\1``", text)


def parse(comment):
    """A comment as (kind, name, summary, [(member, text)], [paragraph], {section: text})."""
    lines = [re.sub(r"^ \*\s?", "", line) for line in comment.splitlines()]
    kind, name, summary = TITLE.match(lines[0]).groups()
    members, paragraphs, sections = [], [[]], {}
    target = None
    for line in lines[1:]:
        member = re.match(r"@(\w+): (.*)", line)
        section = re.match(r"(Context|Return): (.*)", line)
        if member and len(paragraphs) == 1 and not paragraphs[0]:
            target = [member[2]]
            members.append((member[1], target))
        elif section:
            target = sections[section[1]] = [section[2]]
        elif not line.strip():
            target = None
            paragraphs.append([])
        elif target is not None:
            target.append(line.strip())
        else:
            paragraphs[-1].append(line.strip())
    return kind, name, summary, members, [p for p in paragraphs if p], sections


def describe(comment, code):
    """reStructuredText lines for a comment and the code that follows it."""
    kind, name, summary, members, paragraphs, sections = parse(comment)
    # Not c:struct: a structure and a function may share a name.
    yield f".. describe:: {kind} {name}" if kind else f".. c:function:: {' '.join(code.split())}"
    yield ""
    for text in [summary] + [" ".join(p) for p in paragraphs]:
        yield f"   {escape(text)}"
        yield ""
    for member, text in members:
        text = escape(" ".join(text))
        yield f"   :param {member}: {text}" if not kind else f"   ``{member}``\n       {text}"
    if members:
        yield ""
    for section, text in sections.items():
        yield f"   {section}: {escape(' '.join(text))}"
        yield ""


class KernelDoc(SphinxDirective):
    """See the top of this file."""

    required_arguments = 1
    option_spec = {"identifiers": str.split}

    def run(self):
        path = os.path.join(TOP, self.arguments[0])
        self.env.note_dependency(path)
        with open(path, encoding="utf-8") as file:
            source = file.read()
        exported = EXPORT.findall(source)
        wanted = self.options.get("identifiers")
        lines, found = [], []
        for comment, code in COMMENT.findall(source):
            kind, name = TITLE.match(comment[3:]).groups()[:2]
            if name in (wanted or exported) or (kind and not wanted):
                lines += "\n".join(describe(comment, code)).split("\n")
                found.append(name)
        missing = set(wanted or exported) - set(found)
        if missing or not found:
            raise self.error(f"{self.arguments[0]} has no kernel-doc for: {' '.join(missing)}")
        node = nodes.Element()
        self.state.nested_parse(StringList(lines, path), 0, node)
        return node.children


def setup(app):
    app.add_directive("kernel-doc", KernelDoc)
    return {"parallel_read_safe": True}
