"""After an answer: ranges, categories and equities at every step of the line. Loaded when it is looked at."""

from typing import Any

import reflex as rx

from state.analysis import AnalysisState
from state.training import TablePlay

_source = rx.asset("analysis.jsx", shared=True)


class AnalysisButton(rx.Component):
    """Opens and closes the panel; the browser remembers which."""

    library = _source.importable_path
    tag = "AnalysisButton"


class AnalysisPanel(rx.Component):
    """Region "Ranges and equity".

    Attributes:
        decision: The answered decision; empty: there is nothing to look at.
        phase: Phase of state.training: nothing is asked for while the hand rolls on.
        unit: What amounts are shown in.
        view: `AnalysisView`.
        error: Why nothing is shown.
        place: Which of two tables it is about; it shows itself while that one is the active one. 0: there is one table.
        on_look: Called with decision, step (-1: the decision's own) and unit.
    """

    library = _source.importable_path
    tag = "AnalysisPanel"

    decision: rx.Var[str]
    phase: rx.Var[str]
    unit: rx.Var[str]
    view: rx.Var[Any]
    error: rx.Var[str]
    place: rx.Var[int]
    on_look: rx.EventHandler[rx.event.passthrough_event_spec(str, int, str)]


analysis_button = AnalysisButton.create


def analysis(play: type[TablePlay], place: int = 0) -> rx.Component:
    """The panel below the table, of the answer beside it."""
    answer: Any = play.answer
    return AnalysisPanel.create(
        decision=rx.cond(answer.withheld == "", answer.decision_id, ""),
        phase=play.phase,
        unit=play.unit,
        place=place,
        view=AnalysisState.view,
        error=AnalysisState.error,
        on_look=AnalysisState.look,
    )
