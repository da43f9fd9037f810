#!/usr/bin/env python3
"""Prints the licences of every crate that is linked into voronka, equal texts once.

usage: notices.py TARGET < the output of `cargo metadata`, whose --filter-platform is TARGET

Build scripts, their dependencies and those of the tests are left out: nothing of them is in the binary.
"""
import json
import pathlib
import sys

NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE", "AUTHORS")


def linked(metadata):
    """The ids of the packages that normal dependencies reach."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    ahead, seen = [metadata["resolve"]["root"]], set()
    while ahead:
        package = ahead.pop()
        if package in seen:
            continue
        seen.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                ahead.append(dependency["pkg"])
    return seen - {metadata["resolve"]["root"]}


def texts(folder):
    """The licence files of a crate and of the C sources in it, such as zstd's."""
    found = [f for depth in ("*", "*/*") for f in folder.glob(depth) if f.name.upper().startswith(NAMES) and f.is_file()]
    # sources are named like that, too: license.rs
    found = [f for f in found if f.suffix.lower() in ("", ".md", ".txt") or f.name.upper().startswith("LICENSE-")]
    return [f.read_text("utf-8", "replace").replace("\r\n", "\n").strip() for f in sorted(found)]


def main():
    metadata = json.load(sys.stdin)
    packages = {package["id"]: package for package in metadata["packages"]}
    chosen = sorted((packages[p] for p in linked(metadata)), key=lambda p: (p["name"], p["version"]))
    holders = {}
    print(f"Voronka is linked with {len(chosen)} crates. Each is named with its licence; the texts follow.\n")
    for package in chosen:
        name = f'{package["name"]} {package["version"]}'
        print(f'{name}: {package["license"] or "see its text"}')
        for text in texts(pathlib.Path(package["manifest_path"]).parent):
            holders.setdefault(text, []).append(name)
    print("The Rust standard library: MIT OR Apache-2.0")
    for text, names in holders.items():
        print(f'\n{"=" * 80}\n{", ".join(dict.fromkeys(names))}\n{"-" * 80}\n{text}')


main()
