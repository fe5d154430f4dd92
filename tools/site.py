#!/usr/bin/env python3
"""Builds the documentation as a site, and checks its links.

  tools/site.py OUT       writes OUT/html; ends in 77 without mkdocs

The pages keep their places: README.md is the front page, and links between the
pages work as they do on a code host. A link to a folder leads to its README.md.
Other files that pages link to are copied. A link to a folder without a page
becomes plain text.
"""
import html.parser
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ["*.md", "docs/**/*", "design/*.md", "spec/*.md", "measurements/*",
         "boards/README.md", "models/README.md", "examples/**/README.md"]
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def outside_of_code(text, rewrite):
    """Applies `rewrite` to the parts of a page that are not fenced code."""
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    return "".join(p if p.startswith("```") else rewrite(p) for p in parts)


def gather(pages):
    """Copies the pages and what they link to. Returns links to nothing."""
    shutil.rmtree(pages, ignore_errors=True)
    sources = {f for pattern in PAGES for f in ROOT.glob(pattern) if f.is_file()}
    missing = []
    for source in sorted(sources):
        place = pages / source.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix != ".md":
            shutil.copy(source, place)
            continue

        def rewritten(match, source=source):
            image, text, link = match.groups()
            path, _, anchor = link.partition("#")
            if not path or urllib.parse.urlsplit(link).scheme:
                return match[0]
            target = (source.parent / path).resolve()
            if target.is_dir():
                if target / "README.md" not in sources:
                    return text
                return f"[{text}]({path.rstrip('/')}/README.md)"
            if not target.is_file() or ROOT not in target.parents:
                missing.append(f"{source.relative_to(ROOT)}: {link}")
            elif target not in sources:
                copy = pages / target.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                # A page that is not one of the site's is shown as a file.
                name = copy.name + (".txt" if copy.suffix == ".md" else "")
                shutil.copy(target, copy.with_name(name))
                path = path[:-len(copy.name)] + name
            return f"{image}[{text}]({path}{'#' + anchor if anchor else ''})"

        place.write_text(outside_of_code(
            source.read_text(), lambda t, r=rewritten: LINK.sub(r, t)))
    return missing


class Reader(html.parser.HTMLParser):
    """The anchors of a page, and where it links to."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors |= {attrs.get("id"), attrs.get("name")} - {None}
        self.links |= {attrs.get("href"), attrs.get("src")} - {None}


def broken_links(site):
    pages = {path.resolve(): Reader(path) for path in site.rglob("*.html")
             if path.name not in ("404.html", "search.html")}
    for path, page in sorted(pages.items()):
        for link in sorted(page.links):
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path
            if parts.path:
                target = (path.parent / urllib.parse.unquote(parts.path)).resolve()
            anchor = urllib.parse.unquote(parts.fragment)
            if target.is_dir():
                target = target / "index.html"
            if not target.exists():
                yield f"{path.relative_to(site.resolve())}: {link}"
            elif anchor and target in pages and anchor not in pages[target].anchors:
                yield f"{path.relative_to(site.resolve())}: {link}: no such anchor"


def main():
    if not shutil.which("mkdocs"):
        print("skipped: mkdocs is missing (tools/setup.sh tests)", file=sys.stderr)
        sys.exit(77)
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    wrong = gather(out / "pages")
    shutil.copy(ROOT / "mkdocs.yml", out / "mkdocs.yml")
    built = subprocess.run(
        ["mkdocs", "build", "--strict", "--clean", "-f", "mkdocs.yml"],
        cwd=out, check=False, capture_output=True, text=True)
    if built.returncode != 0:
        wrong += [line for line in built.stderr.splitlines()
                  if "WARNING" in line or "ERROR" in line or "rror:" in line]
    else:
        wrong += broken_links(out / "html")
    if wrong:
        sys.exit("\n".join(["the site has faults:", *wrong]))


main()
