"""Uses the pages of the doubles as somebody would who tries the front ends: Digital Prison Services, and the sign-in.

browse_doubles.py URL [FOLDER]  URL is where the double of HMPPS Auth answers, without /auth; pictures are put into FOLDER
"""
import pathlib
import sys

import browser
from browser import Keys


class Walk:
    def __init__(self, page, folder):
        self.page = page
        self.folder = folder

    def look(self, name, title):
        """What every page must be: titled, named for screen readers, and no wider than a telephone or a screen."""
        page = self.page
        page.wait_for_text("h1", title)
        assert page.driver.title.startswith(title), page.driver.title
        page.assert_everything_has_a_name()
        for width in (360, 1280):
            page.resize(width)
            page.assert_no_sideways_scrolling()
            if self.folder:
                page.driver.get_screenshot_as_file(str(self.folder / f"{name}-{width}.png"))

    def follow(self, css):
        """Goes to a link by its key, not by the mouse."""
        self.page.script("arguments[0].focus()", self.page.find(css))
        self.page.press(Keys.ENTER)


def main(url, folder=None):
    with browser.start() as page:
        walk = Walk(page, pathlib.Path(folder) if folder else None)
        page.open(url + "/")
        walk.look("prisoners", "Prisoners")
        assert len(page.all("tbody tr")) > 30
        front_ends = {link.get_attribute("href").split("/")[2] for link in page.all("td li a")}
        assert front_ends == {"localhost:3000", "localhost:3001"}, front_ends
        walk.follow('a[href="/prisoner/A1234BC"]')
        walk.look("prisoner", "Archer, Adam")
        walk.follow('a[href="/prisoner/A1234BC/add-case-note"]')
        walk.look("case-note", "Add a case note")
        walk.follow('a[href="/prisoner/A1234BC"]')
        page.wait_for_text("h1", "Archer, Adam")
        walk.follow('a[href="/"]')
        page.wait_for_text("h1", "Prisoners")
        page.open(url + "/auth")
        walk.look("auth", "Sign in without a front end")
        walk.follow('a[href*="hmpps-restricted-patients-ui-client"]')
        walk.look("sign-in", "Sign in")
        walk.follow('button[value="RP_LEEDS_USER"]')
        walk.look("signed-in", "You have signed in")
        page.open(url + "/auth/account-details")
        walk.look("account-details", "Your account details")
        page.assert_nothing_from_elsewhere()
        page.assert_no_complaints()


main(*sys.argv[1:])
