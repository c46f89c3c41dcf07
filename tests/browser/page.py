"""What a user sees and does in the browser. Methods wait for what may take time."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.factories.people import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

# How long to wait for a condition; no test checks how fast something is.
PATIENCE_SECONDS = 120


class Page:
    """The page that the browser shows; elements are named by CSS selectors."""

    def __init__(self, driver: "Chrome", address: str) -> None:
        self.driver = driver
        self.address = address
        self.expected: list[str] = []

    # Going somewhere.

    def open(self, path: str) -> None:
        self.driver.get(self.address + path)

    def sign_in(self, email: str) -> None:
        self.open("/login")
        self.type("#email", email)
        self.type("#password", PASSWORD)
        self.click("main form button[type=submit]")
        self.wait_for_path("/contacts")

    def back(self) -> None:
        self.driver.back()

    def reload(self) -> None:
        self.driver.refresh()

    @property
    def path(self) -> str:
        """The address in the location bar, with its query and without its host."""
        return str(self.driver.current_url).removeprefix(self.address)

    @property
    def title(self) -> str:
        """What the tab shows."""
        return str(self.driver.title)

    def wait_for_path(self, path: str) -> None:
        self.wait(lambda: self.path.partition("?")[0] == path, f"the address is {path}")

    # Seeing.

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until the condition is true. Elements may be replaced while it is checked."""
        from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
        from selenium.webdriver.support.wait import WebDriverWait

        passing = (NoSuchElementException, StaleElementReferenceException)
        waiting = WebDriverWait(self.driver, PATIENCE_SECONDS, 0.05, ignored_exceptions=passing)
        waiting.until(lambda _: condition(), f"timed out: {what}")

    def all(self, css: str) -> list["WebElement"]:
        return list(self.driver.find_elements("css selector", css))

    def one(self, css: str) -> "WebElement":
        return self.driver.find_element("css selector", css)

    def has(self, css: str) -> bool:
        return bool(self.all(css))

    def wait_for(self, css: str, text: str = "") -> None:
        """Wait until the element is shown, with this in its text."""
        self.wait(
            lambda: self.one(css).is_displayed() and text in self.one(css).text, f"{css} shows {text!r}"
        )

    def wait_for_none(self, css: str) -> None:
        self.wait(lambda: not self.has(css), f"no {css}")

    def wait_for_focus(self, css: str) -> None:
        self.wait(
            lambda: self.script("return document.activeElement.matches(arguments[0])", css), f"focus: {css}"
        )

    def wait_until_said(self, sentence: str) -> None:
        """Wait until the sentence is announced to screen readers."""
        said = "return document.querySelector('dialog .announcer, #announcer').textContent.trim()"
        self.wait(lambda: self.script(said) == sentence, f"said: {sentence!r}")

    def wait_for_bar(self, words: str) -> None:
        """Wait until the selection bar from the server shows this text."""
        self.wait_for("#selection-bar", words)

    def wait_until_settled(self) -> None:
        """Wait until htmx has no request under way."""
        self.wait(lambda: not self.has(".htmx-request, .htmx-swapping, .htmx-settling"), "htmx has finished")

    def ticked(self) -> list[int]:
        """The ids of the ticked contacts on this page, in its order."""
        boxes = "#results tbody input[name=selected]"
        return [int(box.get_attribute("value") or 0) for box in self.all(boxes) if box.is_selected()]

    def shown(self) -> list[int]:
        """The ids of the contacts on this page, in its order."""
        return [
            int(box.get_attribute("value") or 0) for box in self.all("#results tbody input[name=selected]")
        ]

    def kept(self) -> dict[str, str]:
        """What the tab keeps of selections, by key."""
        ours = "return Object.entries(sessionStorage).filter(([key]) => key.startsWith('selection:'))"
        return dict(self.script(ours))

    # Doing.

    def script(self, source: str, *arguments: object) -> Any:
        return self.driver.execute_script(source, *arguments)

    @contextmanager
    def before_each_page(self, source: str) -> "Iterator[None]":
        """Each page that is loaded inside runs this script before its own."""
        run, undo = "Page.addScriptToEvaluateOnNewDocument", "Page.removeScriptToEvaluateOnNewDocument"
        script = self.driver.execute_cdp_cmd(run, {"source": source})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd(undo, script)

    def click(self, css: str) -> None:
        self.wait_for(css)
        self.one(css).click()

    def tick(self, contact_id: int, *, shift: bool = False) -> None:
        """Click the box of a contact, with the Shift key held if asked for."""
        from selenium.webdriver import ActionChains, Keys

        box = self.one(f"#select-{contact_id}")
        # The bar at the foot and the head of the table both cover rows.
        self.script("arguments[0].scrollIntoView({block: 'center'})", box)
        if shift:
            ActionChains(self.driver).key_down(Keys.SHIFT).click(box).key_up(Keys.SHIFT).perform()
        else:
            box.click()

    def turn(self, button: str) -> None:
        """Go to the next page of a list by its button, and wait for the rows."""
        before = self.shown()
        self.click(button)
        self.wait(lambda: self.shown() and self.shown() != before, "other rows are shown")
        self.wait_until_settled()

    def type(self, css: str, text: str) -> None:
        self.wait_for(css)
        self.one(css).send_keys(text)

    def press(self, key: str) -> None:
        """Press a key ("ESCAPE", "ENTER", "ARROW_DOWN") where the focus is."""
        from selenium.webdriver import ActionChains, Keys

        ActionChains(self.driver).send_keys(getattr(Keys, key)).perform()

    def go_offline(self) -> None:
        """Take the browser offline; the errors that it then writes to its console are expected."""
        self.expected += ["ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"]
        self._network(offline=True)

    def go_online(self) -> None:
        self._network(offline=False)

    def _network(self, *, offline: bool) -> None:
        self.driver.set_network_conditions(offline=offline, latency=0, throughput=-1)

    def is_expected(self, message: str) -> bool:
        """Whether this error in the console belongs to the test."""
        return any(part in message for part in self.expected)

    @contextmanager
    def same_document(self) -> "Iterator[None]":
        """What happens inside must not load the page anew."""
        self.script("window.isSame = true")
        yield
        assert self.script("return window.isSame === true"), "the page was loaded anew"
