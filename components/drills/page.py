"""The drills page: presets first, what is kept, then the form that builds one."""

import reflex as rx

from components.drills.form import drill_form
from components.ui import button, error_text
from state.drill_views import DrillCard
from state.drills import DrillsState


def _preset(drill: rx.Var[DrillCard]) -> rx.Component:
    return rx.el.li(
        rx.el.h3(drill.name),
        rx.el.p(drill.about),
        rx.el.p(drill.facts, class_name="drill-facts"),
        rx.el.div(
            button(
                "Start",
                aria_label=f"Start {drill.name}",
                on_click=DrillsState.start_preset(drill.key),
            ),
            button(
                "Change",
                tone="quiet",
                aria_label=f"Change {drill.name}",
                on_click=[DrillsState.take(drill.key), rx.set_focus("drill-form")],
            ),
            class_name="drill-buttons",
        ),
        class_name="drill-card",
    )


def _kept(drill: rx.Var[DrillCard]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.h3(drill.name),
            rx.el.p(drill.facts, class_name="drill-facts"),
            class_name="drill-kept-text",
        ),
        rx.el.div(
            button("Start", aria_label=f"Start {drill.name}", on_click=DrillsState.start_kept(drill.id)),
            button(
                "Edit",
                tone="quiet",
                aria_label=f"Edit {drill.name}",
                on_click=[DrillsState.edit(drill.id), rx.set_focus("drill-form")],
            ),
            rx.el.a("Link", href=drill.link, aria_label=f"Link to {drill.name}", class_name="drill-link"),
            button("Delete", tone="quiet", aria_label=f"Delete {drill.name}", on_click=DrillsState.delete(drill.id)),
            class_name="drill-buttons",
        ),
        class_name="drill-kept",
    )


def drills_page() -> rx.Component:
    """The page's content."""
    return rx.el.div(
        rx.el.div(
            rx.el.h1("Drills"),
            rx.el.p("Practise one thing at a time. Every answer is graded like any other hand, and none is rated."),
            class_name="page-head",
        ),
        error_text(DrillsState.error),
        rx.cond(
            DrillsState.kept.length() > 0,
            rx.el.section(
                rx.el.h2("Your drills"),
                rx.el.ul(rx.foreach(DrillsState.kept, _kept), class_name="drill-kepts"),
                aria_label="Your drills",
            ),
            rx.fragment(),
        ),
        rx.el.section(
            rx.el.h2("Ready to play"),
            rx.el.ul(rx.foreach(DrillsState.presets, _preset), class_name="drill-cards"),
            aria_label="Presets",
            aria_busy=rx.cond(DrillsState.presets.length() > 0, "false", "true"),
            class_name="drill-presets",
        ),
        drill_form(),
        custom_attrs={"data-ready": rx.State.is_hydrated.to_string()},
        class_name="drills",
    )
