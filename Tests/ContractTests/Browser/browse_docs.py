"""Uses the page that documents the API as a person would.

browse_docs.py URL TOKEN [HOST]  URL is the API's base address; HOST a name for this machine that it uses
"""
import json
import sys

import browser
from browser import Keys

GET = "/non-associations/{id}"
POST = "/non-associations"
BODY = {
    "firstPrisonerNumber": "A1234BC", "firstPrisonerRole": "VICTIM",
    "secondPrisonerNumber": "D5678EF", "secondPrisonerRole": "PERPETRATOR",
    "reason": "BULLYING", "restrictionType": "CELL", "comment": "Browser",
}


def operation(page, method, path):
    """The selector of an operation."""
    for item in page.all("#operations details"):
        name = item.find_element("css selector", "summary .method").get_property("textContent")
        if name == method and item.find_element("css selector", "summary .path").get_property("textContent") == path:
            return "#" + item.get_attribute("id")
    raise AssertionError(f"no {method} {path}")


def tab_to(page, css):
    """Presses Tab until that element has the focus."""
    wanted = page.find(css)
    for _ in range(300):
        if page.focused() == wanted:
            return
        page.press(Keys.TAB)
    raise AssertionError(f"Tab does not lead to {css}")


def read_and_call(page, url, token):
    page.open(url + "/swagger-ui.html")
    page.wait_for_text("#count", "operations")
    assert page.driver.current_url.startswith(url + "/swagger-ui/index.html"), page.driver.current_url
    assert page.text("h1") == page.driver.title != "API documentation", page.text("h1")

    # Without a token the answer is a 401 without a body; without an id nothing is asked.
    get = operation(page, "GET", GET)
    page.click(get + " summary")
    assert page.text(get + " p code") == "ROLE_READ_NON_ASSOCIATIONS", page.text(get + " p code")
    page.type(get + " input", "")
    page.click(get + " button")
    page.wait_for_text(get + " .error", "Enter id")
    assert page.focused() == page.find(get + " input")
    assert page.focused().get_attribute("aria-invalid") is not None
    page.type(get + " input", "1")
    page.click(get + " button")
    page.wait_for_text(get + " .output", "No body.")
    assert page.text(get + " .status") == "401"

    page.type("#token", token)
    page.click(get + " button")
    page.wait_for_text(get + " .status", "404")
    assert json.loads(page.text(get + " .output pre"))["status"] == 404

    post = operation(page, "POST", POST)
    page.click(post + " summary")
    sample = json.loads(page.find(post + " textarea").get_property("value"))
    assert set(BODY) <= set(sample), f"the sample body lacks {set(BODY) - set(sample)}"
    page.type(post + " textarea", json.dumps(BODY))
    page.click(post + " button")
    page.wait_for_text(post + " .status", "201")
    made = json.loads(page.text(post + " .output pre"))
    assert made["comment"] == "Browser", made

    page.type(get + " input", str(made["id"]))
    page.click(get + " button")
    page.wait_for_text(get + " .status", "200")
    assert json.loads(page.text(get + " .output pre")) == made


def find_by_words(page):
    total = int(page.text("#count").split()[0])
    page.type("#find", "post non-associations")
    page.wait(lambda: 0 < int(page.text("#count").split()[0]) < total, "fewer operations")
    shown = [item for item in page.all("#operations details") if item.is_displayed()]
    assert len(shown) == int(page.text("#count").split()[0])
    page.press(*[Keys.BACKSPACE] * len("post non-associations"))
    page.wait_for_text("#count", f"{total} operations")


def use_keyboard_only(page, url, token):
    page.open(url + "/swagger-ui/index.html")
    page.wait_for_text("#count", "operations")
    page.press(Keys.TAB)
    assert page.focused().text == "Skip to the operations", page.focused().text
    assert page.script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.press(Keys.TAB)
    assert page.focused() == page.find("#token")
    page.press(*token)
    get = operation(page, "GET", GET)
    tab_to(page, get + " summary")
    page.press(Keys.ENTER, Keys.TAB)
    assert page.focused() == page.find(get + " input")
    page.press(*[Keys.BACKSPACE] * 10, "1", Keys.ENTER)
    page.wait_for_text(get + " .status", "200")
    # The answer can be scrolled without a mouse.
    tab_to(page, get + " .output pre")


def look_at_everything(page, url):
    """Everything opened, on a telephone."""
    page.resize(360)
    page.open(url + "/swagger-ui/index.html")
    page.wait_for_text("#count", "operations")
    page.assert_no_sideways_scrolling()
    page.script("for (const item of document.querySelectorAll('details')) item.open = true")
    page.assert_no_sideways_scrolling()
    page.assert_everything_has_a_name()


if __name__ == "__main__":
    url, token, *hosts = sys.argv[1:]
    with browser.start(hosts=hosts) as page:
        read_and_call(page, url, token)
        find_by_words(page)
        use_keyboard_only(page, url, token)
        look_at_everything(page, url)
        page.assert_nothing_from_elsewhere()
        # An answer that is an error is told by the browser, too.
        page.assert_no_complaints("the server responded with a status of 401", "the server responded with a status of 404")
