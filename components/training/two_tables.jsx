import React, { useEffect, useRef, useSyncExternalStore } from "react";

// Which of two tables is played: known to the tables, to what is shown below them, and to the keys.
let active = 1;
const listeners = new Set();
const choose = (place) => {
  if (place === active) return;
  active = place;
  listeners.forEach((listener) => listener());
};
const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
export const useActiveTable = () => useSyncExternalStore(subscribe, () => active, () => 1);

const WAITS = new Set(["decision", "retry", "paused", "ended"]);
const WORDS = { decision: "your turn", retry: "your turn", paused: "to look at", ended: "hand over", summary: "finished" };

// Two tables side by side, or on a narrow screen the active one with a switch above it. The active one is the last that
// was touched; when it has nothing to ask and the other one has, the other one becomes it.
export function TwoTables({ phases = [], children }) {
  const place = useActiveTable();
  const frame = useRef(null);
  const tables = React.Children.toArray(children);
  const waits = phases.map((phase) => WAITS.has(phase));
  const other = 3 - place;

  useEffect(() => {
    if (!waits[place - 1] && waits[other - 1]) choose(other);
  }, [phases[0], phases[1], place]);

  // The focus goes along, unless it is somewhere else on the page.
  useEffect(() => {
    const held = document.activeElement;
    if (held !== document.body && !held?.closest?.(".action-bar, .two-tables-switch")) return;
    const here = frame.current?.querySelector(`[data-place="${place}"]`);
    (here?.querySelector("[data-primary]") ?? here?.querySelector(".action-bar [role=group]"))?.focus({ preventScroll: true });
  }, [place]);

  const keys = useRef(null);
  keys.current = (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    if (event.key.toUpperCase() === "T") choose(other);
  };
  useEffect(() => {
    choose(1);
    const listen = (event) => keys.current(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  return (
    <div ref={frame} className="two-tables">
      <div role="group" aria-label="Tables" className="two-tables-switch">
        {tables.map((_, index) => (
          <button key={index} type="button" aria-pressed={place === index + 1} aria-keyshortcuts="T" onClick={() => choose(index + 1)}>
            Table {index + 1}<span data-waits={waits[index] ? "" : undefined}>{WORDS[phases[index]] ?? "plays on"}</span>
          </button>
        ))}
      </div>
      {tables.map((table, index) => (
        <div key={index} className="two-tables-place" data-place={index + 1} data-table-active={place === index + 1}
          data-waits={waits[index] ? "" : undefined}
          onPointerDown={() => choose(index + 1)} onFocus={() => choose(index + 1)}>
          {table}
        </div>
      ))}
    </div>
  );
}
