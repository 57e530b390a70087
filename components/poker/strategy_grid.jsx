import React, { memo, useMemo, useRef, useState } from "react";

const RANKS = "AKQJT98765432";

const className = (index) => {
  const row = Math.floor(index / 13);
  const column = index % 13;
  const high = RANKS[Math.min(row, column)];
  const low = RANKS[Math.max(row, column)];
  return high + low + (row === column ? "" : column > row ? "s" : "o");
};
export const CLASSES = Array.from({ length: 169 }, (_, index) => className(index));

const SIZED = ["bet", "raise", "allin"];
const kindOf = (action) => action.split(" ")[0];

// "bet" where the node has one size, "bet 3.3 bb" where it has several.
const spoken = (action, sizes) => {
  const kind = kindOf(action.action);
  if (!SIZED.includes(kind)) return kind;
  const word = kind === "allin" ? "all-in" : kind;
  return sizes > 1 && kind !== "allin" ? action.label.replace(/ \(.*\)$/, "").replace("Raise to", "raise").replace("Bet", "bet") : word;
};

// Bytes [169, 1 + actions]: weight of the class, then the frequency of each action, 255 = always.
const decode = (data, actions) => {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const width = 1 + actions.length;
  if (bytes.length !== 169 * width) return null;
  const sizes = actions.filter((action) => SIZED.includes(kindOf(action.action))).length;
  // The largest size first, then check or call, then fold: the order in which everybody reads a stacked bar.
  const order = actions.map((_, index) => index).reverse();
  return CLASSES.map((name, index) => {
    const at = index * width;
    const weight = bytes[at] / 255;
    if (!bytes[at]) return { name, weight: 0, label: `${name}: not in range`, image: "none" };
    let from = 0;
    const stops = [];
    const words = [];
    for (const action of order) {
      const share = (bytes[at + 1 + action] / 255) * 100;
      if (share < 0.2) continue;
      const to = from + share;
      stops.push(`var(--${actions[action].tone}) ${from.toFixed(1)}% ${to.toFixed(1)}%`);
      from = to;
      if (share >= 0.5) words.push(`${spoken(actions[action], sizes)} ${Math.round(share)}%`);
    }
    const thin = weight < 0.995 ? `, weight ${Math.max(1, Math.round(weight * 100))}%` : "";
    return { name, weight, label: `${name}: ${words.join(", ")}${thin}`, image: `linear-gradient(90deg, ${stops.join(", ")})` };
  });
};

const MOVES = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -13, ArrowDown: 13 };

// A bar's height is the weight of the class, its segments are the actions. `rest`: the class that the line under the
// grid speaks of while nothing is pointed at.
export const StrategyGrid = memo(function StrategyGrid({ data = "", actions = [], hero = "", label = "Strategy", rest, onLook }) {
  const cells = useMemo(() => (data ? decode(data, actions) : null), [data, actions]);
  const heroIndex = CLASSES.indexOf(hero);
  const [looked, setLooked] = useState(null);
  const [stop, setStop] = useState(null);
  const frame = useRef(null);
  if (!cells) return <div className="strategy-grid strategy-grid--empty" aria-hidden="true" />;
  const entry = stop ?? Math.max(heroIndex, 0);
  const shown = looked ?? rest ?? entry;

  const onKeyDown = (event) => {
    const here = Number(event.target.dataset.index);
    let next = null;
    if (event.key in MOVES) {
      const step = MOVES[event.key];
      const blocked = (step === -1 && here % 13 === 0) || (step === 1 && here % 13 === 12);
      if (!blocked && cells[here + step]) next = here + step;
    } else if (event.key === "Home") next = here - (here % 13);
    else if (event.key === "End") next = here - (here % 13) + 12;
    else return;
    event.preventDefault();
    if (next === null) return;
    setStop(next);
    frame.current.querySelector(`[data-index="${next}"]`).focus();
  };

  const look = (event) => {
    const index = event.target.dataset?.index;
    if (index === undefined) return;
    setLooked(Number(index));
    onLook?.(Number(index));
  };

  return (
    <div className="strategy">
      <div ref={frame} className="strategy-grid" role="grid" aria-label={label} aria-rowcount={13} aria-colcount={13}
        onKeyDown={onKeyDown} onPointerOver={look} onPointerDown={look} onPointerLeave={() => setLooked(null)} onFocus={look} onBlur={() => setLooked(null)}>
        {Array.from({ length: 13 }, (_, row) => (
          <div key={row} role="row" className="strategy-row">
            {cells.slice(row * 13, row * 13 + 13).map((cell, column) => {
              const index = row * 13 + column;
              return (
                <div key={index} role="gridcell" data-index={index} tabIndex={index === entry ? 0 : -1} aria-label={cell.label}
                  className={`strategy-cell${cell.weight ? "" : " strategy-cell--out"}${index === heroIndex ? " strategy-cell--hero" : ""}`}
                  style={{ backgroundImage: cell.image, backgroundSize: `100% ${(cell.weight * 100).toFixed(0)}%` }}>
                  {cell.name}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      <p className="strategy-readout" aria-hidden="true">{cells[shown].label}</p>
    </div>
  );
});
