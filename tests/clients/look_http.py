#!/usr/bin/env python3
"""Looks at every kind of page of a running `voronka serve --http` in Chromium, as a desktop and as a phone show it, in both languages.

    tests/clients/look_http.py http://127.0.0.1:8080 out [--user NAME:PASSWORD]

Fails where a page is wider than the screen, where something is cut off, where the browser complains (a style or a picture that the policy
refuses), where a page of one language has words of the other, and where an answer is not what it should be. The pictures are for people.
Needs playwright and a Chromium (`CHROMIUM`, or the one that is installed).
"""

import argparse
import os
import pathlib
import re
import shutil
import sys
import time
import urllib.parse

from playwright.sync_api import sync_playwright

SIZES = {"wide": (1280, 900), "phone": (360, 780)}
# name, address, status; AFTER is a day long after the data
PAGES = [
    ("front", "/", 200),
    ("front-day", "/?as_of=2025-03-03", 200),
    ("today", "/today", 200),
    ("data", "/data", 200),
    ("metrics", "/metrics", 200),
    ("metric-tiles", "/metrics/lead_quality", 200),
    ("metric-bars", "/metrics/lead_quality?by=source", 200),
    ("metric-two", "/metrics/lead_quality?by=source&by=manager", 200),
    ("metric-lines", "/metrics/revenue_weekly", 200),
    ("metric-series", "/metrics/revenue_weekly?by=branch&draw=won", 200),
    ("metric-stages", "/metrics/funnel", 200),
    ("metric-list", "/metrics/control_list", 200),
    ("metric-rules", "/metrics/adherence?by=manager", 200),
    ("metric-after", "/metrics/lead_quality?from=2026-01-01&to=2026-02-28&as_of=2026-03-01", 200),
    ("metric-before", "/metrics/revenue_weekly?from=2001-01-01&to=2001-02-28", 200),
    ("report-brief", "/reports/brief", 200),
    ("report-weekly", "/reports/weekly", 200),
    ("report-control", "/reports/control", 200),
    ("report-contractors", "/reports/contractors", 200),
    ("report-handbook", "/reports/handbook?for=head", 200),
    ("report-whose", "/reports/worklist", 200),
    ("report-after", "/reports/brief?as_of=2026-03-01", 200),
    ("missing", "/reports/nothing", 404),
    ("wrong", "/metrics/lead_quality?from=yesterday", 400),
    ("long", "/metrics/" + "x" * 300, 404),
]

# what is wider than its place: of the page, and of whatever cannot be scrolled
WIDE = """() => {
    const width = document.documentElement.clientWidth, found = [];
    if (document.documentElement.scrollWidth > width) {
        for (const one of document.querySelectorAll('body *')) {
            const box = one.getBoundingClientRect();
            let scrolls = false;
            for (let up = one.parentElement; up; up = up.parentElement)
                scrolls = scrolls || ['auto', 'scroll', 'hidden'].includes(getComputedStyle(up).overflowX);
            if (box.right > width + 1 && box.width > 0 && !scrolls) found.push(`${one.tagName}.${one.className?.baseVal ?? one.className} ${Math.round(box.right)} > ${width}`);
        }
        if (!found.length) found.push(`page ${document.documentElement.scrollWidth} > ${width}`);
    }
    return found.slice(0, 5);
}"""
# text of a chart that sticks out of it
CUT = """() => {
    const found = [];
    for (const text of document.querySelectorAll('svg text')) {
        const own = text.getBoundingClientRect(), box = text.ownerSVGElement.getBoundingClientRect();
        if (own.width && (own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1))
            found.push(`cut off: ${text.textContent}`);
    }
    return found.slice(0, 5);
}"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--user")
    parser.add_argument("--only", help="pages whose names begin so")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    browser_file = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])))
    faults, looked = [], 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_file, args=["--no-sandbox", "--disable-gpu"])
        for kind, (width, height) in SIZES.items():
            context = browser.new_context(viewport={"width": width, "height": height}, is_mobile=kind == "phone", device_scale_factor=1)
            page = context.new_page()
            said = []
            page.on("console", lambda message: said.append(message.text))
            page.on("requestfailed", lambda request: said.append(f"not loaded: {request.url}"))
            if args.user:
                name, _, password = args.user.partition(":")
                page.goto(f"{args.base}/login")
                page.screenshot(path=args.out / f"login-{kind}.png")
                page.fill("input[name=name]", name)
                page.fill("input[name=password]", "wrong")
                page.click("button")
                page.wait_for_selector(".notice")
                faults += [f"login-wrong {kind}: {fault}" for fault in page.evaluate(WIDE)]
                page.screenshot(path=args.out / f"login-wrong-{kind}.png")
                page.fill("input[name=password]", password)
                page.click("button")
                said.clear()
            for lang in ["ru", "en"]:
                for name, path, status in PAGES:
                    if args.only and not name.startswith(args.only):
                        continue
                    said.clear()
                    address = f"{args.base}{path}{'&' if '?' in path else '?'}lang={lang}"
                    # the page of a report that is being made loads itself again
                    began = time.time()
                    while context.request.get(address, headers={"Accept": "text/html"}).status == 202 and time.time() - began < 900:
                        if not (args.out / f"waiting-{kind}-{lang}.png").exists():
                            page.goto(address, wait_until="commit")
                            page.screenshot(path=args.out / f"waiting-{kind}-{lang}.png")
                            page.goto("about:blank")
                        time.sleep(1)
                    answer = page.goto(address)
                    page.screenshot(path=args.out / f"{name}-{kind}-{lang}.png", full_page=True)
                    here = f"{name} {kind} {lang}"
                    if answer.status != status:
                        faults.append(f"{here}: {answer.status}, not {status}")
                    faults += [f"{here}: {fault}" for fault in page.evaluate(WIDE) + page.evaluate(CUT)]
                    # a browser tells of an answer that is an error; that is what was asked for
                    faults += [f"{here}: {text}" for text in said if f"status of {status}" not in text]
                    faults += [f"{here}: {text}" for text in foreign(page, lang)]
                    looked += 1
            context.close()
        browser.close()
    print(f"{looked} pages looked at, {len(faults)} faults")
    for fault in faults:
        print(f"  {fault}")
    return 1 if faults else 0


def foreign(page, lang):
    """English words of ours on a Russian page: in headings, labels, buttons, notices. On English pages names out of exports are Russian."""
    if lang != "ru":
        return []
    texts = page.eval_on_selector_all("h1, h2, h3, th, label span, legend, button, .notice, .subtitle, .none, summary, .get", "all => all.map(one => one.textContent)")
    # a single word is a name or a code
    names = re.compile(r"voronka \w+|\w+[._]\w+|`[^`]*`|\S*=\S*")
    return [f"words of another language: {' '.join(text.split())[:160]}" for text in texts if re.search(r"[a-z]{2,}\s+[a-z]{2,}", names.sub("", text), re.I)]


if __name__ == "__main__":
    sys.exit(main())
