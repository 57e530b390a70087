"""Buttons, links that look like buttons and form fields, styled by assets/mixline.css."""

from typing import Any, Literal

import reflex as rx

Tone = Literal["plain", "primary", "quiet"]


def _classes(base: str, tone: Tone, *, large: bool, extra: Any) -> list[Any]:
    names: list[Any] = [base]
    if tone != "plain":
        names.append(f"{base}--{tone}")
    if large:
        names.append(f"{base}--large")
    if extra:
        names.append(extra)
    return names


def button(*children: Any, tone: Tone = "plain", large: bool = False, **props: Any) -> rx.Component:
    """A push button; `type` is "button" unless a form's submit button says otherwise."""
    props.setdefault("type", "button")
    props["class_name"] = _classes("button", tone, large=large, extra=props.pop("class_name", None))
    return rx.el.button(*children, **props)


def link_button(*children: Any, href: Any, tone: Tone = "plain", large: bool = False, **props: Any) -> rx.Component:
    """A link with the look of a button."""
    props["class_name"] = _classes("button", tone, large=large, extra=props.pop("class_name", None))
    return rx.el.a(*children, href=href, **props)


def link(*children: Any, href: Any, **props: Any) -> rx.Component:
    """A link within text."""
    return rx.el.a(*children, href=href, class_name="text-link", **props)


def error_text(message: Any, **props: Any) -> rx.Component:
    """An error message: announced at once, takes no room while it is empty."""
    props.setdefault("role", "alert")
    return rx.el.p(message, class_name="error-text", **props)


def text_field(
    label: str,
    name: str,
    *,
    type: str = "text",  # noqa: A002 - the attribute's own name
    hint: str = "",
    error: Any = "",
    multiline: bool = False,
    **props: Any,
) -> rx.Component:
    """A labelled input with its hint and its error tied to it.

    Args:
        label: The visible label, also the accessible name.
        name: The form key; ids are derived from it.
        type: The input's type.
        hint: A line under the label that says what is expected.
        error: Text or var; when it is not empty the input is marked invalid and described by it.
        multiline: A textarea instead of an input.
        props: Further attributes of the input.
    """
    described = f"{name}-hint {name}-error" if hint else f"{name}-error"
    shared: dict[str, Any] = {
        "id": name,
        "name": name,
        "aria_describedby": described,
        "aria_invalid": rx.cond(error, "true", "false"),
        **props,
    }
    control = rx.el.textarea(**shared) if multiline else rx.el.input(type=type, **shared)
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.p(hint, id=f"{name}-hint", class_name="field-hint") if hint else rx.fragment(),
        control,
        error_text(error, id=f"{name}-error"),
        class_name="field",
    )
