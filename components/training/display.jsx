import React, { useEffect, useRef, useState } from "react";

const UNITS = [["bb", "bb"], ["pct", "% of pot"], ["chips", "Chips"]];
// Names of data attributes on the document, and where the browser keeps them; theme.js sets them before the first paint.
const CHOICES = [
  ["deck", "Deck", [["four", "Four colours"], ["two", "Two colours"]]],
  ["colours", "Action colours", [["usual", "Usual"], ["safe", "For colour-blind eyes"]]],
  ["zen", "Zen: only the table", [["off", "Off"], ["on", "On"]]],
];

const keep = (name, value) => {
  try {
    localStorage.setItem(`mixline-${name}`, value);
  } catch {
    // Private windows may refuse storage: the choice then lasts for this page.
  }
};
const kept = (name) => {
  try {
    return localStorage.getItem(`mixline-${name}`);
  } catch {
    return null;
  }
};

const Choice = ({ name, label, options, value, onChoose }) => (
  <fieldset className="display-choice">
    <legend>{label}</legend>
    <div className="display-options">
      {options.map(([key, text]) => (
        <label key={key}>
          <input type="radio" name={`display-${name}`} value={key} checked={value === key} onChange={() => onChoose(key)} />
          <span>{text}</span>
        </label>
      ))}
    </div>
  </fieldset>
);

export function Display({ unit = "bb", zen = true, onUnit }) {
  const dialog = useRef(null);
  const [chosen, setChosen] = useState({});
  const choose = (name, value) => {
    document.documentElement.dataset[name] = value;
    keep(name, value);
    setChosen((now) => ({ ...now, [name]: value }));
  };
  const chooseUnit = (value) => {
    keep("unit", value);
    onUnit?.(value);
  };

  // What this browser shows amounts in is told once to a server that does not know.
  useEffect(() => {
    const wanted = kept("unit");
    if (wanted && wanted !== unit && UNITS.some(([key]) => key === wanted)) onUnit?.(wanted);
  }, []);

  const show = () => {
    setChosen(Object.fromEntries(CHOICES.map(([name, , options]) => [name, document.documentElement.dataset[name] || options[0][0]])));
    dialog.current?.showModal();
  };

  const keys = useRef(null);
  keys.current = (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, dialog") || document.querySelector("dialog[open]")) return;
    const key = event.key.toUpperCase();
    if (key === "D") show();
    if (key === "B") chooseUnit(UNITS[(UNITS.findIndex(([name]) => name === unit) + 1) % UNITS.length][0]);
  };
  useEffect(() => {
    const listen = (event) => keys.current(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  return (
    <>
      <button type="button" className="button button--quiet button--icon display-button" aria-label="Display" title="Display" aria-haspopup="dialog" aria-keyshortcuts="D" onClick={show}>
        <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" aria-hidden="true">
          <path d="M4 8h9M17 8h3M4 16h3M11 16h9" />
          <circle cx="15" cy="8" r="2" />
          <circle cx="9" cy="16" r="2" />
        </svg>
      </button>
      <dialog ref={dialog} className="keys display" aria-label="Display" onClick={(event) => event.target === dialog.current && dialog.current.close()}>
        <Choice name="unit" label="Amounts" options={UNITS} value={unit} onChoose={chooseUnit} />
        {CHOICES.filter(([name]) => zen || name !== "zen").map(([name, label, options]) => (
          <Choice key={name} name={name} label={label} options={options} value={chosen[name] ?? options[0][0]} onChoose={(value) => choose(name, value)} />
        ))}
        <form method="dialog"><button type="submit" className="button">Close</button></form>
      </dialog>
    </>
  );
}
