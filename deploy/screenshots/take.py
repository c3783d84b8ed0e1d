"""Plays a short story in the console and keeps what it shows.

take.py URL FOLDER  URL is a fresh gateway of the all-in-one profile
"""
import base64
import json
import pathlib
import sys
import urllib.request

import browser
import console

POISON = {"message": '{"Type":"Notification","Message":"This is no event","MessageAttributes":{}}'}


class Gateway:
    """Calls of the gateway, for what comes before the pictures."""

    def __init__(self, url):
        self.url = url
        self.token = None
        self.token = self.call("POST", "/console/sample-users/CONSOLE_USER/token")["access_token"]

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def tell_the_story(gateway):
    """A few changes, a merge that needs a decision, and a message that nobody can read."""
    made = gateway.call("POST", "/non-associations", {
        "firstPrisonerNumber": "A1234BC", "firstPrisonerRole": "VICTIM", "secondPrisonerNumber": "D4567EF",
        "secondPrisonerRole": "PERPETRATOR", "reason": "BULLYING", "restrictionType": "WING",
        "comment": "Took his canteen twice this week"})
    gateway.call("POST", "/discharge-to-hospital", {
        "offenderNo": "B2345CD", "fromLocationId": "MDI", "hospitalLocationCode": "HAZLWD", "commentText": "Not well"})
    gateway.call("PUT", f"/non-associations/{made['id']}/close", {"closedReason": "They have shaken hands"})
    gateway.call("POST", "/console/play", {"event": "merge", "prisoner": "P4568QR", "other": "N3457PQ"})
    gateway.call("POST", "/console/queues/non-associations/messages", POISON)


def keep(page, folder, name, width=1200, height=800, scheme="light"):
    page.resize(width, height)
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    page.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    page.script("document.activeElement.blur(); document.getElementById('news').classList.remove('shown')")
    picture = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
    (folder / f"{name}.png").write_bytes(base64.b64decode(picture))


def main(url, folder):
    gateway = Gateway(url)
    tell_the_story(gateway)
    with browser.start(width=1200) as page:
        page.open(url + "/")
        page.wait_for_text("h1", "Overview")
        console.go(page, "/sign-in", "Sign in as")
        keep(page, folder, "sign-in")
        console.sign_in(page, url, "CONSOLE_USER")
        # As health has it, which is up to two seconds old.
        page.wait(lambda: json.dumps(gateway.call("GET", "/health")).count('"messagesOnDlq": "1"') == 2, "the dead letters")
        console.go(page, "/", "Overview")
        keep(page, folder, "overview")
        console.go(page, "/prisoners/A1234BC", "Adam Archer")
        keep(page, folder, "prisoner")
        console.go(page, "/prisoners/A1234BC/add", "Keep A1234BC apart")
        page.click("form button[type=submit]")
        page.wait_for_text(".error-summary", "There is a problem")
        keep(page, folder, "errors")
        console.go(page, "/events", "Events")
        page.wait_for_text("li[data-type='non-associations.closed']", "A1234BC")
        keep(page, folder, "events")
        console.go(page, "/queues/non-associations-dlq", "Dead letters of non-associations-dlq")
        keep(page, folder, "dead-letters", scheme="dark")
        console.go(page, "/decisions", "Decisions")
        keep(page, folder, "decisions")
        console.go(page, "/queues", "Queues")
        keep(page, folder, "telephone", width=360, height=720)


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
