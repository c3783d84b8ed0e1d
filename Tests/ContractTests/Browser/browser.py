"""A real browser for the tests of pages: Debian's chromium without a window, driven by Selenium.

    with browser.start() as page:
        page.open("http://127.0.0.1:8080/swagger-ui/index.html")
        page.type("#token", "ey…")
        page.press(Keys.TAB, Keys.ENTER)
        page.wait_for_text("#answer", "200")

Every wait ends after 30 seconds with an error that says what was waited for. When the block fails, what the page showed
and what its scripts complained of is printed.
"""
import contextlib
import json
import os
import tempfile
import urllib.parse

from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException, ElementNotInteractableException, JavascriptException, StaleElementReferenceException)
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys  # noqa: F401, for the scripts that import this one
from selenium.webdriver.support.wait import WebDriverWait

DEADLINE = 30
REDRAWN = [ElementClickInterceptedException, ElementNotInteractableException, StaleElementReferenceException]


class Page:
    """One tab. Elements are named by CSS selectors."""

    def __init__(self, driver):
        self.driver = driver
        self._requests = []

    # What a person does.

    def open(self, url):
        self.driver.get(url)

    def click(self, css):
        self.do(css, lambda item: item.click())

    def type(self, css, text):
        """Replaces what a field holds, as typing would."""
        def replace(field):
            field.clear()
            field.send_keys(text)
        self.do(css, replace)

    def do(self, css, act):
        """Does something with an element, again if the page is redrawn under it."""
        def acted():
            act(self.find(css))
            return True
        WebDriverWait(self.driver, DEADLINE, 0.02, REDRAWN).until(lambda _: acted(), f"waited for {css} to take part")

    def press(self, *keys):
        """Presses keys one after the other, wherever the focus is."""
        actions = ActionChains(self.driver)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    def resize(self, width, height=800):
        """Gives the page a width in CSS pixels; a window could not be as narrow as a telephone."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    # What a person sees.

    def find(self, css):
        """The first such element that is shown, waited for."""
        return self.wait(lambda: next((item for item in self.all(css) if item.is_displayed()), None), f"{css} to be shown")

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css):
        return self.find(css).text

    def wait_for_text(self, css, text):
        """Waits until a shown element has that text in it; answers the whole text."""
        found = self.wait(
            lambda: next((item for item in self.all(css) if item.is_displayed() and text in item.text), None),
            f"'{text}' in {css}")
        return found.text

    def wait(self, condition, description):
        """Waits until a condition has a true value, and answers it. What it looks at may be redrawn meanwhile."""
        return WebDriverWait(self.driver, DEADLINE, 0.02, [StaleElementReferenceException, JavascriptException]).until(
            lambda _: condition(), f"waited for {description}")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def focused(self):
        return self.driver.switch_to.active_element

    # What must be so of every page.

    def assert_no_sideways_scrolling(self):
        """Nothing is wider than the page."""
        widest = self.script(
            "const limit = document.documentElement.clientWidth;"
            "if (document.scrollingElement.scrollWidth <= limit) return null;"
            "const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();"
            "const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > limit + 0.5);"
            "while (texts.nextNode()) {"
            "  range.selectNodeContents(texts.currentNode);"
            "  if (range.getBoundingClientRect().right > limit + 0.5) wide.push(texts.currentNode.parentElement);"
            "}"
            "return wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 120));")
        assert widest is None, f"wider than the page: {widest}"

    def assert_everything_has_a_name(self):
        """What can be operated says what it is to a screen reader."""
        for item in self.all("input, select, textarea, button, a[href], summary"):
            if item.is_displayed():
                assert item.accessible_name.strip(), "no name: " + item.get_attribute("outerHTML")[:200]

    def assert_nothing_from_elsewhere(self):
        """All that was asked for since the start came from where the pages came from."""
        asked = self.requests()
        assert asked, "no request was seen"
        origin = self.script("return location.origin")
        elsewhere = [url for url in asked if origin_of(url) != origin]
        assert not elsewhere, f"asked for {elsewhere}"

    def assert_no_complaints(self, *expected):
        """No script failed and no policy was broken; complaints with one of these texts are expected."""
        complaints = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        complaints = [text for text in complaints if not any(known in text for known in expected)]
        assert not complaints, complaints

    def requests(self):
        """The addresses that were asked for over the network, since the start."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                parameters = message["params"]
                self._requests.append(parameters["request"]["url"] if "request" in parameters else parameters["url"])
        return [url for url in self._requests if not url.startswith(("data:", "blob:"))]

    def describe(self):
        print("address:", self.driver.current_url)
        print("shown:", self.script("return document.body.innerText").strip()[:1500])
        for entry in self.driver.get_log("browser"):
            print("complaint:", entry["message"])


def origin_of(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextlib.contextmanager
def start(width=1280, hosts=()):
    """A browser with one empty tab that reaches this machine and nothing else, under these names besides its own."""
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    names = [f"MAP {name} 127.0.0.1" for name in hosts]
    for argument in [
        "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
        # The pages are our own, and the sandbox needs rights that root and most containers do not have.
        "--no-sandbox",
        "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync",
        f"--host-resolver-rules={', '.join(names + ['MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1', 'EXCLUDE localhost'])}",
    ]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    # The driver is on this machine, whatever proxy leads out of it.
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as home:
        service = Service("/usr/bin/chromedriver", env={**os.environ, "HOME": home, "TMPDIR": home})
        driver = webdriver.Chrome(options=options, service=service)
        try:
            page = Page(driver)
            page.resize(width)
            try:
                yield page
            except BaseException:
                page.describe()
                raise
        finally:
            driver.quit()
