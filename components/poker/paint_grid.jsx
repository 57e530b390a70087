import React, { useEffect, useMemo, useRef, useState } from "react";

const RANKS = "AKQJT98765432";
const className = (index) => {
  const row = Math.floor(index / 13);
  const column = index % 13;
  const high = RANKS[Math.min(row, column)];
  const low = RANKS[Math.max(row, column)];
  return high + low + (row === column ? "" : column > row ? "s" : "o");
};
const CLASSES = Array.from({ length: 169 }, (_, index) => className(index));
const MOVES = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -13, ArrowDown: 13 };
const PLACES = "0123456789abcdefghij";
const WORDS = { b: "best", c: "correct", i: "inaccuracy", w: "wrong", x: "blunder", u: "uncertain" };
const SHORTCUTS = [
  ["Pairs", (index) => Math.floor(index / 13) === index % 13],
  ["Suited", (index) => index % 13 > Math.floor(index / 13)],
  ["Offsuit", (index) => index % 13 < Math.floor(index / 13)],
  ["Broadways", (index) => Math.max(Math.floor(index / 13), index % 13) <= 4],
];

export function PaintGrid({ value = "", item = "", actions = [], weights = "", words = "", losses = "", label = "Hands", busy = false, onChoose, onGrade }) {
  const choosing = actions.length === 0;
  const [cells, setCells] = useState([]);
  const [brush, setBrush] = useState(0);
  const [stop, setStop] = useState(0);
  const [looked, setLooked] = useState(null);
  const stroke = useRef(null);
  const frame = useRef(null);
  const latest = useRef([]);
  latest.current = cells;
  const graded = words !== "";
  const here = useMemo(() => (weights ? weights.split(",").map(Number) : Array(169).fill(255)), [weights]);
  const lost = useMemo(() => (losses ? losses.split(",").map(Number) : Array(169).fill(0)), [losses]);

  useEffect(() => {
    const start = value || (choosing ? "0" : ".").repeat(169);
    setCells(Array.from(start));
    if (!choosing) setBrush(0);
  }, [item, graded]);

  const blank = choosing ? "0" : ".";
  const paint = (index, mark) => {
    if (graded || busy || !here[index]) return;
    setCells((now) => {
      if (now[index] === mark) return now;
      const next = now.slice();
      next[index] = mark;
      return next;
    });
  };
  const send = (next) => choosing && onChoose?.(next.join(""));
  const markFor = (index) => {
    const mark = choosing ? "1" : PLACES[brush];
    return latest.current[index] === mark ? blank : mark;
  };

  const begin = (event) => {
    const index = event.target.dataset?.index;
    if (index === undefined || event.button > 0 || graded || busy) return;
    event.target.releasePointerCapture?.(event.pointerId);
    stroke.current = markFor(Number(index));
    paint(Number(index), stroke.current);
  };
  const drag = (event) => {
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const index = under?.dataset?.index;
    if (index === undefined || !frame.current?.contains(under)) return;
    setLooked(Number(index));
    if (stroke.current !== null) paint(Number(index), stroke.current);
  };
  useEffect(() => {
    const end = () => {
      if (stroke.current === null) return;
      stroke.current = null;
      requestAnimationFrame(() => send(latest.current));
    };
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
    return () => {
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
  });

  const all = (wanted, mark) => {
    const next = latest.current.map((cell, index) => (here[index] && wanted(index, cell) ? mark : cell));
    setCells(next);
    send(next);
  };

  const onKeyDown = (event) => {
    const at = Number(event.target.dataset?.index ?? stop);
    if (event.key in MOVES) {
      const step = MOVES[event.key];
      const blocked = (step === -1 && at % 13 === 0) || (step === 1 && at % 13 === 12);
      const next = at + step;
      event.preventDefault();
      if (blocked || next < 0 || next > 168) return;
      setStop(next);
      setLooked(next);
      frame.current.querySelector(`[data-index="${next}"]`)?.focus();
      if (event.shiftKey) paint(next, choosing ? "1" : PLACES[brush]);
      if (event.shiftKey) requestAnimationFrame(() => send(latest.current));
    } else if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      const mark = markFor(at);
      paint(at, mark);
      requestAnimationFrame(() => send(latest.current));
    }
  };

  // The same keys as at the table choose the brush.
  useEffect(() => {
    if (choosing || graded) return undefined;
    const listen = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
      const found = actions.findIndex((action) => action.key === event.key.toUpperCase());
      if (found >= 0) setBrush(found);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [actions, choosing, graded]);

  const left = choosing ? 0 : cells.filter((cell, index) => here[index] && cell === ".").length;
  const spoken = (index) => {
    const name = CLASSES[index];
    if (!here[index]) return `${name}: not in your range`;
    if (choosing) return `${name}: ${cells[index] === "1" ? "chosen" : "not chosen"}`;
    const action = actions[PLACES.indexOf(cells[index])];
    const told = `${name}: ${action ? action.label : "not painted"}`;
    if (!graded) return told;
    const loss = lost[index] >= 0.05 ? `, loses ${lost[index].toFixed(1)}% of pot` : "";
    return `${told}, ${WORDS[words[index]]}${loss}`;
  };
  const shown = looked ?? stop;

  return (
    <div className="paint" data-graded={graded ? "" : undefined}>
      {!choosing && !graded && (
        <div role="radiogroup" aria-label="Brush" className="paint-brushes">
          {actions.map((action, index) => (
            <button key={action.action} type="button" role="radio" aria-checked={brush === index} aria-keyshortcuts={action.key}
              className={`action action--${action.tone} paint-brush`} onClick={() => setBrush(index)}>
              <span>{action.label}</span> <kbd aria-hidden="true">{action.key}</kbd>
            </button>
          ))}
        </div>
      )}
      <div ref={frame} className="paint-grid" role="grid" aria-label={label} aria-rowcount={13} aria-colcount={13} aria-multiselectable="true"
        onPointerDown={begin} onPointerMove={drag} onPointerLeave={() => setLooked(null)} onKeyDown={onKeyDown}>
        {Array.from({ length: 13 }, (_, row) => (
          <div key={row} role="row" className="paint-row">
            {CLASSES.slice(row * 13, row * 13 + 13).map((name, column) => {
              const index = row * 13 + column;
              const action = choosing ? null : actions[PLACES.indexOf(cells[index])];
              const tone = choosing ? (cells[index] === "1" ? "chosen" : "") : (action?.tone ?? "");
              const word = graded && here[index] ? WORDS[words[index]] ?? "" : "";
              return (
                <div key={index} role="gridcell" data-index={index} tabIndex={index === stop ? 0 : -1} aria-label={spoken(index)}
                  aria-selected={choosing ? cells[index] === "1" : cells[index] !== "."} onFocus={() => setLooked(index)}
                  className={`paint-cell${here[index] ? "" : " paint-cell--out"}${word ? ` paint-cell--${word}` : ""}`}
                  style={tone ? { "--paint": tone === "chosen" ? "var(--accent)" : `var(--${tone})`, "--weight": `${Math.round((100 * here[index]) / 255)}%` } : undefined}
                  data-painted={tone ? "" : undefined}>
                  {name}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      <p className="paint-readout" aria-hidden="true">{cells.length ? spoken(shown) : ""}</p>
      {choosing && (
        <div className="paint-tools">
          {SHORTCUTS.map(([text, wanted]) => (
            <button key={text} type="button" className="button button--quiet" onClick={() => all(wanted, "1")}>{text}</button>
          ))}
          <button type="button" className="button button--quiet" onClick={() => all(() => true, "0")}>Any hand</button>
        </div>
      )}
      {!choosing && !graded && (
        <div className="paint-tools">
          <button type="button" className="button button--primary" disabled={left > 0 || busy} onClick={() => onGrade?.(item, latest.current.join(""))}>
            Grade
          </button>
          <button type="button" className="button" disabled={left === 0 || busy} onClick={() => all((_, cell) => cell === ".", PLACES[brush])}>
            Fill the rest: {actions[brush]?.label ?? ""}
          </button>
          <span role="status" className="paint-left">{left ? `${left} hands to paint` : "Every hand is painted"}</span>
        </div>
      )}
    </div>
  );
}
