"""Uses the console as a person would.

browse_console.py URL                   the all-in-one profile
browse_console.py URL OPERATOR NOBODY   production; a token of somebody with the queue admin role of non-associations
                                        alone, and one of somebody without any role
"""
import sys

import browser
import console
from browser import Keys

COMMENT = "Seen from a browser"


def fill(page, **values):
    """Fills the shown form in: texts, options and radio buttons by their values."""
    for name, value in values.items():
        radios = page.all(f"form fieldset input[value='{value}']")
        matching = [item for item in radios if item.get_attribute("name").endswith("-" + name)]
        if matching:
            matching[0].click()
        elif page.all(f"form select[name={name}]"):
            page.click(f"form select[name={name}] option[value='{value}']")
        else:
            page.type(f"form [name={name}]", value)


def submit(page):
    page.click("form button[type=submit]")


def check_problems(page, *texts):
    """The summary has the focus and names every problem; each stands by its field as well."""
    def shown(css):
        return [item.text.removeprefix("Error:").strip() for item in page.all(css) if item.is_displayed()]
    page.wait(lambda: shown(".error-summary li") == list(texts), f"a summary of {texts}")
    page.wait(lambda: shown(".field-error") == list(texts), f"{texts} by their fields")
    page.wait(lambda: "error-summary" in page.focused().get_attribute("class"), "the summary to have the focus")


def confirm(page, answer):
    page.wait_for_text("dialog h2", "?")
    page.click(f"dialog .button.{answer}")
    page.wait(lambda: not page.all("dialog"), "the question to be gone")


def add_non_association(page):
    console.go(page, "/prisoners", "Prisoners")
    page.wait_for_text("table", "A1234BC")
    page.click("a[href='#/prisoners/A1234BC']")
    page.wait_for_text("h1", "Adam Archer A1234BC")
    page.click("a[href='#/prisoners/A1234BC/add']")
    page.wait_for_text("h1", "Keep A1234BC apart")
    submit(page)
    check_problems(
        page, "Choose the other prisoner", "Choose the role of A1234BC", "Choose the role of the other prisoner",
        "Choose a reason", "Choose where they are kept apart", "Enter a comment")
    page.click(".error-summary li:last-child a")
    assert page.focused().get_attribute("name") == "comment", page.focused().get_attribute("outerHTML")
    fill(page, secondPrisonerNumber="D4567EF", firstPrisonerRole="VICTIM", secondPrisonerRole="PERPETRATOR",
         reason="BULLYING", restrictionType="CELL", comment=COMMENT)
    submit(page)
    page.wait_for_text("article", COMMENT)
    # The same again is refused by the server.
    page.click("a[href='#/prisoners/A1234BC/add']")
    page.wait_for_text("h1", "Keep A1234BC apart")
    fill(page, secondPrisonerNumber="D4567EF", firstPrisonerRole="VICTIM", secondPrisonerRole="PERPETRATOR",
         reason="BULLYING", restrictionType="CELL", comment=COMMENT)
    submit(page)
    page.wait_for_text(".error-summary", "already have open non-associations")
    console.go(page, "/events", "Events")
    page.wait_for_text("li[data-type='non-associations.created']", "A1234BC")


def close_non_association(page, url):
    """In another tab, as somebody else, while the first one shows the events."""
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    page.resize(1280)
    console.sign_in(page, url, "STAFF_USER1")
    console.go(page, "/prisoners/D4567EF", "D4567EF")
    card = f"article[data-id='{article(page, COMMENT)}']"
    page.click(f"{card} a[href$='/close']")
    page.wait_for_text("h1", "Close non-association")
    submit(page)
    check_problems(page, "Enter why it is closed")
    fill(page, closedReason="They are friends now")
    submit(page)
    page.wait_for_text(card, "They are friends now")
    page.click(f"{card} a[href$='/history']")
    page.wait_for_text(".timeline", "They are friends now")
    # This one may not look at events.
    console.go(page, "/events", "Not for you")
    page.driver.close()
    page.driver.switch_to.window(first)
    event = page.wait_for_text("li[data-type='non-associations.closed']", "A1234BC")
    assert "D4567EF" in event, event
    page.type("#event-filter", "created")
    page.wait(
        lambda: not any(item.is_displayed() for item in page.all("li[data-type='non-associations.closed']")),
        "fewer events")


def article(page, text):
    return page.wait(
        lambda: next((item.get_attribute("data-id") for item in page.all("article") if text in item.text), None),
        f"a card with {text}")


def discharge_patient(page):
    console.go(page, "/patients", "Restricted patients")
    page.click("a[href='#/patients/discharge']")
    page.wait_for_text("h1", "Move a prisoner to hospital")
    submit(page)
    check_problems(page, "Choose a prisoner", "Choose a prison", "Choose a hospital")
    fill(page, offenderNo="B2345CD", fromLocationId="MDI", hospitalLocationCode="HAZLWD", commentText="x" * 241)
    submit(page)
    check_problems(page, "Must have at most 240 characters")
    fill(page, commentText="Not well")
    submit(page)
    page.wait_for_text("tbody", "B2345CD")
    page.click("a[href='#/patients/B2345CD/supporting-prison']")
    page.wait_for_text("h1", "Change supporting prison of B2345CD")
    fill(page, supportingPrisonId="LEI")
    submit(page)
    page.wait(lambda: "Leeds" in row(page, "B2345CD"), "the new supporting prison")
    remove = "button[aria-label='Remove B2345CD']"
    page.click(remove)
    confirm(page, "quiet")
    assert page.focused() == page.find(remove), "the focus is not where it was"
    page.click(remove)
    confirm(page, "danger")
    page.wait(lambda: not row(page, "B2345CD"), "the patient to be gone")
    console.go(page, "/patients/B2345CD/history", "History of B2345CD")
    page.wait_for_text(".timeline", "CONSOLE_USER")
    console.go(page, "/events", "Events")
    for event in ["added", "supporting-prison-changed", "removed"]:
        page.wait_for_text(f"li[data-type$='.{event}']", "B2345CD")


def row(page, text):
    """What a table's row says that has that text in it; nothing without one."""
    return next((item.text for item in page.all("tbody tr") if text in item.text), "")


def break_and_repair_queue(page):
    queue, dead = "non-associations", "non-associations-dlq"
    console.go(page, "/queues/send", "Put a message on a queue")
    submit(page)
    page.wait_for_text("h1", "Queues")
    wait_for_dead_letters(page, queue, "1")
    console.go(page, "/", "Overview")
    page.wait_for_text(".tile-warn", "Dead letters")
    console.go(page, "/queues", "Queues")
    page.click(f"a[aria-label='Inspect {dead}']")
    page.wait_for_text("article pre", "This is no event")
    # It cannot be read the second time either.
    page.click(f"button[aria-label='Retry the dead letters of {dead}']")
    page.wait_for_text("#news", "1 dead letter of")
    console.go(page, "/queues", "Queues")
    wait_for_dead_letters(page, queue, "1")
    console.go(page, f"/queues/{dead}", f"Dead letters of {dead}")
    page.wait_for_text("article pre", "This is no event")
    page.click(f"button[aria-label='Purge {dead}']")
    confirm(page, "danger")
    page.wait_for_text("main", "0 messages")
    console.go(page, "/queues", "Queues")
    wait_for_dead_letters(page, queue, "0")


def wait_for_dead_letters(page, queue, count):
    def look():
        cells = [item.text for item in page.all("tbody tr:first-child td")]
        assert not cells or queue in cells[0], cells
        if cells and cells[3].endswith(count) and cells[2].endswith("0"):
            return True
        for button in page.all("main button"):
            if button.text == "Look again":
                button.click()
                break
        return False
    page.wait(look, f"{count} dead letters")


def decide_and_call(page):
    console.go(page, "/decisions", "Decisions")
    page.wait_for_text("main", "No merge waits for a decision")
    console.go(page, "/try", "Try a call")
    submit(page)
    page.wait_for_text("section h2", "200")
    page.wait_for_text("section pre", '"prisonerNumber": "A1234BC"')
    fill(page, path="elsewhere")
    submit(page)
    check_problems(page, "A path begins with one /")
    fill(page, path="/non-associations/999999")
    submit(page)
    page.wait_for_text("section h2", "404")


def play_merge(page):
    """Two patients turn out to be one person: the message fails until a person decides, and is repaired by a retry."""
    queue = "restricted-patients-domain-events"
    console.go(page, "/play", "Play")
    submit(page)
    check_problems(page, "Choose a prisoner", "Choose the number that stays")
    fill(page, prisoner="P4568QR", other="N3457PQ")
    submit(page)
    page.wait_for_text("main section", "What came of it")
    page.click("main section a[href='#/queues']")
    page.wait_for_text("h1", "Queues")
    # The counts follow without a click.
    page.wait(lambda: counts(page, queue) == ("0", "1"), "the merge among the dead letters")
    console.go(page, "/decisions", "Decisions")
    page.wait_for_text("article h3", "P4568QR was merged into N3457PQ")
    submit(page)
    check_problems(page, "Choose what is right")
    fill(page, resolution="DROP_REMOVED")
    submit(page)
    page.wait_for_text("main", "No merge waits for a decision")
    console.go(page, "/queues", "Queues")
    page.click(f"button[aria-label='Retry the dead letters of {queue}-dlq']")
    page.wait_for_text("#news", f"1 dead letter of {queue}-dlq retried")
    page.wait(lambda: counts(page, queue) == ("0", "0"), "the merge to be taken")
    console.go(page, "/events", "Events")
    page.wait_for_text("li[data-type$='.removed']", "P4568QR")


def counts(page, queue):
    """Messages and dead letters of a queue, as its row has them; None without one."""
    for shown in page.all("tbody tr"):
        cells = [cell.text.split()[-1] for cell in shown.find_elements("css selector", "td")[:4]]
        if cells and cells[0] == queue:
            return cells[2], cells[3]
    return None


def tab_to(page, css, key=Keys.TAB):
    """Presses Tab until such an element has the focus, which must be seen."""
    for _ in range(80):
        page.press(key)
        if page.script("return document.activeElement.matches(arguments[0])", css):
            style = page.script(
                "const style = getComputedStyle(document.activeElement);"
                "return style.outlineStyle !== 'none' || style.boxShadow !== 'none'")
            assert style, f"the focus on {css} is not seen"
            return
    raise AssertionError(f"Tab does not lead to {css}")


def follow(page, css, heading):
    """Goes where a link leads, without a mouse."""
    tab_to(page, css)
    page.press(Keys.ENTER)
    page.wait_for_text("h1", heading)
    page.wait(lambda: page.focused().tag_name == "h1", "the heading to have the focus")


def use_keyboard_alone(page, url):
    """Signs in, adds and closes a non-association, moves a prisoner to hospital, breaks and repairs a queue: without a
    mouse, on a telephone."""
    page.resize(360)
    page.open(url + "/")
    page.wait_for_text("h1", "Overview")
    page.script("sessionStorage.clear()")
    page.open(url + "/?keyboard")
    page.wait_for_text("h1", "Overview")
    page.press(Keys.TAB)
    assert page.focused().text == "Skip to main content", page.focused().text
    page.press(Keys.ENTER)
    page.wait(lambda: page.focused().tag_name == "h1", "the heading to have the focus")
    follow(page, "a[href='#/sign-in']", "Sign in as")
    tab_to(page, "button[data-user=CONSOLE_USER]")
    page.press(Keys.ENTER)
    page.wait_for_text("#who", "CONSOLE_USER")
    page.wait_for_text("h1", "Overview")
    follow(page, "#menu a[href='#/prisoners']", "Prisoners")
    follow(page, "a[href='#/prisoners/H8901JK']", "Harry Holt")
    follow(page, "a[href$='/add']", "Keep H8901JK apart")
    tab_to(page, "select[name=secondPrisonerNumber]")
    page.press("J", "9")
    for group in range(2):
        tab_to(page, "input[type=radio]")
        page.press(Keys.SPACE)
    tab_to(page, "select[name=reason]")
    page.press("T", "h", "r")
    tab_to(page, "input[type=radio]")
    page.press(Keys.SPACE, Keys.ARROW_RIGHT)
    tab_to(page, "textarea[name=comment]")
    page.press(*"By keyboard")
    tab_to(page, "form button[type=submit]")
    page.press(Keys.ENTER)
    card = page.wait_for_text("article", "By keyboard")
    assert "Threat" in card and "Cell and landing" in card and "Jacob Jarvis" in card, card
    follow(page, f"article[data-id='{article(page, 'By keyboard')}'] a[href$='/close']", "Close non-association")
    tab_to(page, "textarea")
    page.press(*"Done", Keys.TAB, Keys.ENTER)
    page.wait_for_text("article", "Done")
    follow(page, "#menu a[href='#/patients']", "Restricted patients")
    follow(page, "a[href='#/patients/discharge']", "Move a prisoner to hospital")
    for name, key in [("offenderNo", "F"), ("fromLocationId", "L"), ("hospitalLocationCode", "H")]:
        tab_to(page, f"select[name={name}]")
        page.press(key)
    tab_to(page, "form button[type=submit]")
    page.press(Keys.ENTER)
    page.wait(lambda: "Leeds" in row(page, "F6789GH"), "the patient")
    follow(page, "#menu a[href='#/queues']", "Queues")
    follow(page, "a[href='#/queues/send']", "Put a message on a queue")
    tab_to(page, "form button[type=submit]")
    page.press(Keys.ENTER)
    page.wait_for_text("h1", "Queues")
    page.wait(lambda: counts(page, "non-associations") == ("0", "1"), "the dead letter")
    follow(page, "a[aria-label='Inspect non-associations-dlq']", "Dead letters of non-associations-dlq")
    page.wait_for_text("article pre", "This is no event")
    tab_to(page, "button[aria-label='Purge non-associations-dlq']")
    page.press(Keys.ENTER)
    page.wait_for_text("dialog h2", "?")
    tab_to(page, "dialog .button.danger")
    page.press(Keys.ENTER)
    page.wait_for_text("main", "0 messages")
    page.resize(1280)


VIEWS = [
    ("/", "Overview"), ("/sign-in", "Sign in"), ("/prisoners", "Prisoners"), ("/prisoners/A1234BC", "Adam Archer"),
    ("/prisoners/A1234BC/add", "Keep A1234BC apart"), ("/prisoners/A1234BC/non-associations/1/close", "Close"),
    ("/prisoners/A1234BC/non-associations/1/history", "History"), ("/patients", "Restricted patients"),
    ("/patients/discharge", "Move a prisoner"), ("/patients/N3457PQ/history", "History"),
    ("/patients/N3457PQ/supporting-prison", "Change supporting prison"), ("/events", "Events"), ("/queues", "Queues"),
    ("/queues/send", "Put a message"), ("/queues/non-associations-dlq", "Dead letters"), ("/decisions", "Decisions"),
    ("/play", "Play"), ("/try", "Try a call"), ("/nowhere", "Page not found"),
]


def look_at_everything(page):
    """Every view on a telephone, in both colour schemes."""
    page.resize(360)
    for scheme in ["light", "dark"]:
        page.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        for path, heading in VIEWS:
            console.go(page, path, heading)
            page.assert_no_sideways_scrolling()
            page.assert_everything_has_a_name()
            console.assert_contrast(page)
            headings = [item.tag_name for item in page.all("h1") if item.is_displayed()]
            assert headings == ["h1"], headings
    page.resize(1280)


def retry_set_aside(page):
    """One event was set aside: seen on the overview, read and retried without a mouse, on a telephone."""
    console.go(page, "/", "Overview")
    page.wait_for_text(".tile-warn", "Not sent")
    page.resize(360)
    console.go(page, "/queues", "Queues")
    text = page.wait_for_text("#set-aside", "Message too long")
    assert "non-associations.created" in text and "A1234BC" not in text, text
    page.assert_no_sideways_scrolling()
    page.assert_everything_has_a_name()
    console.assert_contrast(page)
    tab_to(page, "#set-aside button")
    page.press(Keys.ENTER)
    page.wait_for_text("#news", "1 message tried again")
    page.wait_for_text("#set-aside", "Nothing is set aside.")
    page.resize(1280)


def use_in_production(page, url, operator, nobody):
    page.open(url + "/")
    page.wait_for_text("h1", "Non-associations and restricted patients")
    page.assert_everything_has_a_name()
    console.assert_contrast(page)
    page.click("a[href=console]")
    page.wait_for_text("h1", "Overview")
    page.wait_for_text(".modules", "Database")
    assert not [item for item in page.all(".local-only") if item.is_displayed()]
    console.go(page, "/queues", "Sign in to see this")
    console.go(page, "/sign-in", "Sign in")
    submit(page)
    check_problems(page, "Paste an access token")
    fill(page, token="secret")
    submit(page)
    check_problems(page, "A token has three parts with dots between them")
    fill(page, token=nobody)
    submit(page)
    page.wait_for_text("#who", "NOBODY")
    for path in ["/queues", "/events", "/decisions"]:
        console.go(page, path, "Not for you")
    console.go(page, "/sign-in", "Sign in")
    fill(page, token="Bearer " + operator)
    submit(page)
    page.wait_for_text("#who", "OPERATOR")
    console.go(page, "/queues", "Queues")
    table = page.wait_for_text("tbody", "non-associations")
    assert "restricted-patients" not in table, table
    assert "Put a message" not in page.text("main")
    retry_set_aside(page)
    console.go(page, "/events", "Events")
    page.wait_for_text(".callout", "restricted-patients")
    console.go(page, "/prisoners", "Prisoners")
    fill(page, number="nobody")
    submit(page)
    check_problems(page, "Enter a prisoner number in the form A1234BC")
    fill(page, number="a1234bc")
    submit(page)
    page.wait(lambda: page.driver.current_url.endswith("#/prisoners/A1234BC"), "the prisoner's address")
    page.click("#who button")
    page.wait_for_text("h1", "Sign in to see this")
    assert page.script("return sessionStorage.length + localStorage.length + document.cookie.length") == 0


if __name__ == "__main__":
    url, *tokens = sys.argv[1:]
    with browser.start() as page:
        if tokens:
            use_in_production(page, url, *tokens)
        else:
            console.sign_in(page, url, "CONSOLE_USER")
            add_non_association(page)
            close_non_association(page, url)
            discharge_patient(page)
            break_and_repair_queue(page)
            decide_and_call(page)
            play_merge(page)
            look_at_everything(page)
            use_keyboard_alone(page, url)
        page.assert_nothing_from_elsewhere()
        # An answer that is an error is told by the browser, too; 503 is the health of the tests' gateway.
        known = [400, 403, 404, 409] + ([503] if tokens else [])
        page.assert_no_complaints(*(f"the server responded with a status of {status}" for status in known))
