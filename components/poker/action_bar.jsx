import React, { useEffect, useRef, useState } from "react";

const KEYS = [
  ["F", "Fold"],
  ["C", "Check or call"],
  ["1 to 9", "Bet or raise, smallest first"],
  ["R", "Raise, or the smallest bet"],
  ["A", "All-in, or the largest size"],
  ["Space", "Continue, next hand"],
  ["U", "Take a mistake back, unrated"],
  ["E", "Ranges and equity of the answer"],
  ["← →", "Step through the line there"],
  ["B", "bb, % of pot, chips"],
  ["D", "Display: deck, colours"],
  ["T", "The other one of two tables"],
  ["Z", "Zen: only the table"],
  ["?", "This list"],
  ["Esc", "Close"],
];

// The same key again within this time is a bouncing key, not an answer to the next decision.
const BOUNCE_MS = 120;
// An answer without any reaction is sent again; the server knows decisions by their id, so it can't count twice.
const RESEND_MS = 4000;

// A number stays with its unit when a label breaks into two lines.
const unbroken = (label) => label.replaceAll(" bb", "\u00a0bb");

// One key press is for one table, also when the next one is already the active one.
const last = { key: "", at: 0 };

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
const pressable = (target) => target.closest?.("button, a, summary, [role=button]");

export function ActionBar({ actions = [], decision = "", phase = "idle", error = "", onwards = "Next hand", onAct, onContinue, onNext, onRetry }) {
  const [sent, setSent] = useState(null);
  const frame = useRef(null);
  const dialog = useRef(null);
  // The other one of two tables is played: keys and focus are not for this one.
  const aside = () => frame.current?.closest("[data-table-active=false]") !== null;
  const open = phase === "decision" || phase === "retry";
  const pending = open && sent !== null && sent.decision === decision && sent.phase === phase;

  useEffect(() => {
    setSent(null);
    // Whoever plays by keyboard keeps the focus here, though the focused button is gone.
    const lost = document.activeElement === document.body || frame.current?.contains(document.activeElement);
    if (!lost || !frame.current || aside()) return;
    const primary = frame.current.querySelector("[data-primary]");
    (primary ?? frame.current.querySelector("[role=group]"))?.focus({ preventScroll: true });
  }, [decision, phase]);

  useEffect(() => {
    if (error) setSent(null);
  }, [error]);

  useEffect(() => {
    if (!pending) return undefined;
    const waiting = (is) => window.dispatchEvent(new CustomEvent("mixline-waiting", { detail: is }));
    const timer = setInterval(() => {
      waiting(true);
      onAct?.(sent.decision, sent.action);
    }, RESEND_MS);
    return () => {
      clearInterval(timer);
      waiting(false);
    };
  }, [pending, sent]);

  // A reload then waits for the table instead of showing the start page for a moment: see play.css.
  useEffect(() => {
    try {
      sessionStorage.setItem("mixline-at-table", "on");
    } catch {
      // Without storage the start page is seen for a moment.
    }
  }, []);

  // Table and summary take each other's place: each starts at its top.
  useEffect(() => {
    window.scrollTo({ top: 0 });
    return () => {
      window.scrollTo({ top: 0 });
      requestAnimationFrame(() => document.querySelector("[data-autofocus]")?.focus());
    };
  }, []);

  const act = (action) => {
    if (!open || pending) return;
    setSent({ decision, action, phase });
    onAct?.(decision, action);
  };

  const press = (event, action) => {
    const secondHalfOfDoubleClick = event.detail > 1;
    if (!secondHalfOfDoubleClick) act(action);
  };

  const proceed = () => {
    if (phase === "paused") onContinue?.();
    else if (phase === "ended") onNext?.();
  };

  const pick = useRef(null);
  pick.current = (event) => {
    if (aside() || event.defaultPrevented) return;
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.toUpperCase();
    const bounced = key === last.key && event.timeStamp - last.at < BOUNCE_MS;
    Object.assign(last, { key, at: event.timeStamp });
    if (bounced) return;
    if (key === " ") {
      if (pressable(event.target)) return;
      event.preventDefault();
      proceed();
    } else if (key === "?") {
      dialog.current?.showModal();
    } else if (key === "Z") {
      const root = document.documentElement;
      root.dataset.zen = root.dataset.zen === "on" ? "off" : "on";
      try {
        localStorage.setItem("mixline-zen", root.dataset.zen);
      } catch {
        // Private windows may refuse storage: it then lasts for this page.
      }
    } else if (key === "U" && phase === "paused") {
      onRetry?.();
    } else {
      const named = actions.find((action) => action.key === key);
      const sizes = actions.filter((action) => /^[1-9]$/.test(action.key));
      const chosen = named ?? { R: sizes[0], A: sizes.at(-1) }[key];
      if (chosen) act(chosen.action);
    }
  };

  useEffect(() => {
    const listen = (event) => pick.current(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  const waiting = phase === "paused" || phase === "ended";
  return (
    <div ref={frame} className="action-bar" data-phase={phase}>
      {waiting ? (
        <div className="action-next">
          <button type="button" className="button button--primary action-main" data-primary="" onClick={proceed} aria-keyshortcuts="Space">
            {phase === "paused" ? "Continue" : onwards} <kbd aria-hidden="true">Space</kbd>
          </button>
          {phase === "paused" && (
            <button type="button" className="button action-main" onClick={() => onRetry?.()} aria-keyshortcuts="U">
              Try again <kbd aria-hidden="true">U</kbd>
            </button>
          )}
        </div>
      ) : (
        <div role="group" aria-label="Actions" tabIndex={-1} className="action-buttons" data-count={actions.length}>
          {actions.map((action) => (
            <button key={action.action} type="button" className={`action action--${action.tone}`} aria-keyshortcuts={action.key}
              aria-label={action.label} disabled={!open || pending}
              data-chosen={sent?.decision === decision && sent?.action === action.action ? "" : undefined}
              onClick={(event) => press(event, action.action)}>
              <span>{unbroken(action.label)}</span>
              <kbd aria-hidden="true">{action.key}</kbd>
            </button>
          ))}
        </div>
      )}
      <button type="button" className="button button--quiet button--icon keys-button" aria-label="Keys" title="Keys" aria-keyshortcuts="?"
        onClick={() => dialog.current?.showModal()}>?</button>
      <dialog ref={dialog} className="keys" aria-label="Keys" onClick={(event) => event.target === dialog.current && dialog.current.close()}>
        <dl>
          {KEYS.map(([key, does]) => (
            <div key={key}><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div>
          ))}
        </dl>
        <form method="dialog"><button type="submit" className="button">Close</button></form>
      </dialog>
    </div>
  );
}
