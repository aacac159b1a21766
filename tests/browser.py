"""Load a page in headless Chromium, under the Content-Security-Policy that it asks for itself, and watch what it does.

with chromium() as browser, opened(browser, html, scheme="dark", width=390) as page:
    ...
# leaving the inner block fails if the page wrote an error to the console, asked for anything, or broke its policy
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: see CONTRIBUTING.md")

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

#: Where the page seems to be. Nothing else is ever answered.
ADDRESS = "https://page.invalid/"

#: Chromium's own traffic, which a test must not wait for.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, or a skipped test where there is none."""
    if PROGRAM is None:
        pytest.skip("no Chromium on the PATH")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


def policy_of(html: str) -> str:
    """The page's own policy, which must forbid everything but what it names by hash."""
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src 'none'"), policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy, policy
    return str(policy)


@contextmanager
def opened(
    browser: Any,
    html: str,
    *,
    policy: str | None = None,
    width: int = 1280,
    height: int = 900,
    scheme: str = "light",
    motion: str = "no-preference",
    fragment: str = "",
) -> Iterator[Any]:
    """The page of this text, served with its policy (or this one) as a header; `fragment`: what follows the #."""
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy or policy_of(html)}
    problems: list[str] = []
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion=motion
    )
    try:
        page = context.new_page()

        def answer(route: Any) -> None:
            if route.request.url.split("#")[0] == ADDRESS:
                route.fulfill(status=200, headers=headers, body=html)
            else:
                problems.append(f"asked for {route.request.url}")
                route.abort()

        context.route("**/*", answer)
        page.on("console", lambda m: problems.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(f"{ADDRESS}#{fragment}" if fragment else ADDRESS)
        yield page
        assert not problems, problems
    finally:
        context.close()


def violations(page: Any) -> list[str]:
    """What axe finds against the accessibility of the page, a line each; it runs from outside the page's policy."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    session = page.context.new_cdp_session(page)
    script = f"{axe.AXE_FILE_PATH.read_text(encoding='utf-8')}; axe.run().then(r => JSON.stringify(r.violations))"
    answer = session.send("Runtime.evaluate", {"expression": script, "awaitPromise": True, "returnByValue": True})
    found = json.loads(answer["result"]["value"])
    return [f"{v['id']}: {v['help']}: {node['html'][:200]}" for v in found for node in v["nodes"]]


def overflowing(page: Any) -> list[str]:
    """The texts of SVG that reach out of the box they stand in, or where they stand in none, out of the picture."""
    return list(page.evaluate(OVERFLOW))


OVERFLOW = """() => {
    const found = [];
    for (const text of document.querySelectorAll('svg text')) {
        const around = text.closest('.box')?.querySelector('path') ?? text.closest('svg');
        const inner = text.getBoundingClientRect(), outer = around.getBoundingClientRect();
        if (inner.width && (inner.left < outer.left - .5 || inner.right > outer.right + .5
            || inner.top < outer.top - .5 || inner.bottom > outer.bottom + .5)) {
            found.push(`${text.textContent}: ${inner.left}..${inner.right} of ${outer.left}..${outer.right}`);
        }
    }
    return found;
}"""
