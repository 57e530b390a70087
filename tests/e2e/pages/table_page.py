"""The table in a browser: locators by role and name, and what a player does there. Tests hold the assertions."""

from __future__ import annotations

import re
from typing import Literal

from playwright.sync_api import Locator, Page

Stop = Literal["decision", "paused", "ended", "summary"]

# Time from the press of an action to the paint of its grade, taken inside the page.
_MEASURE = """
() => new Promise((resolve) => {
  const region = document.querySelector('section[aria-label="Grade"]');
  const before = region.textContent;
  let pressed = 0;
  const onPress = (event) => {
    if (event.target.closest('[aria-label="Actions"] button')) pressed = performance.now();
  };
  document.addEventListener('click', onPress, { capture: true });
  const observer = new MutationObserver(() => {
    if (!pressed || region.textContent === before) return;
    observer.disconnect();
    document.removeEventListener('click', onPress, { capture: true });
    requestAnimationFrame(() => resolve(performance.now() - pressed));
  });
  observer.observe(region, { childList: true, subtree: true, characterData: true });
})
"""


class TablePage:
    """Play on `/`."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.play_button = page.get_by_role("button", name="Play a hand")
        self.table = page.get_by_role("region", name="Table")
        self.board = self.table.get_by_role("group", name="Board")
        self.hand = self.table.get_by_role("group", name="Your hand")
        self.line = self.table.get_by_role("group", name="Line so far")
        self.die = self.table.get_by_role("status", name="Die")
        self.actions = page.get_by_role("group", name="Actions")
        self.grade = page.get_by_role("region", name="Grade")
        self.rows = self.grade.get_by_role("table", name="Actions and EV")
        self.grid = self.grade.get_by_role("grid", name="Strategy")
        self.go_on = page.get_by_role("button", name="Continue")
        self.try_again = page.get_by_role("button", name="Try again")
        self.next_hand = page.get_by_role("button", name=re.compile("^(Next hand|See the summary)"))
        self.summary = page.get_by_role("region", name="Summary")

    def open(self) -> None:
        self.page.goto(self.origin)

    def start(self) -> None:
        """From the start page to the first decision."""
        self.play_button.click()
        self.open_actions.first.wait_for()

    @property
    def open_actions(self) -> Locator:
        return self.actions.get_by_role("button", disabled=False)

    @property
    def word(self) -> Locator:
        return self.grade.get_by_text(re.compile(r"^(Best|Correct|Inaccuracy|Wrong|Blunder|Uncertain)$"))

    def cards(self, place: Locator) -> list[str]:
        """Names of the cards in a group, in order."""
        return [str(card.get_attribute("aria-label")) for card in place.get_by_role("img").all()]

    def action_names(self) -> list[str]:
        return [str(button.get_attribute("aria-label")) for button in self.open_actions.all()]

    def act(self, index: int = 0) -> None:
        self.open_actions.nth(index).click()

    def stop(self) -> Stop:
        """Wait until the page waits for the player, and say for what."""
        waiting = self.open_actions.first.or_(self.go_on).or_(self.next_hand).or_(self.summary)
        waiting.first.wait_for()
        for kind, place in (("summary", self.summary), ("paused", self.go_on), ("ended", self.next_hand)):
            if place.is_visible():
                return kind  # type: ignore[return-value]
        return "decision"

    def begin_measuring(self) -> None:
        """Start a stopwatch in the page for the next answer."""
        self.page.evaluate(f"() => {{ window.__grade = ({_MEASURE})(); }}")

    def measured_ms(self) -> float:
        """Milliseconds from the press to the painted grade of the answer after `begin_measuring`."""
        return float(self.page.evaluate("() => window.__grade"))

    def play_to_summary(self, choose: int = 0, limit: int = 200) -> int:
        """Answer everything with the same button until the set is over; the number of answers given."""
        answers = 0
        for _ in range(limit):
            match self.stop():
                case "summary":
                    return answers
                case "paused":
                    self.go_on.click()
                    self.go_on.wait_for(state="detached")
                case "ended":
                    self.next_hand.click()
                    self.next_hand.wait_for(state="detached")
                case _:
                    asked = self.table.get_attribute("data-decision")
                    self.act(min(choose, self.open_actions.count() - 1))
                    answers += 1
                    self.answered(str(asked))
        message = f"no summary after {limit} steps"
        raise AssertionError(message)

    def answered(self, decision: str) -> None:
        """Wait until the page has moved on from this decision."""
        self.page.wait_for_function(
            """(decision) => {
                const table = document.querySelector('section[aria-label="Table"]');
                if (!table || table.dataset.decision !== decision) return true;
                return !document.querySelector('[aria-label="Actions"]');
            }""",
            arg=decision,
        )
