import React, { memo, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { PlayingCard } from "$/public/external/components/poker/cards/playing_card.jsx";
import { ComboTable } from "$/public/external/components/poker/combo_table/combo_table.jsx";
import { useActiveTable } from "$/public/external/components/training/two_tables/two_tables.jsx";
import { CLASSES, StrategyGrid } from "$/public/external/components/poker/strategy_grid/strategy_grid.jsx";

// Whether the panel is open: one answer for the button beside the grade and the panel below the table.
const STORED = "mixline-analysis";
const listeners = new Set();
let open = null;
const read = () => {
  if (open === null) {
    try {
      open = localStorage.getItem(STORED) === "on";
    } catch {
      open = false;
    }
  }
  return open;
};
const toggle = () => {
  open = !read();
  try {
    localStorage.setItem(STORED, open ? "on" : "off");
  } catch {
    // Private windows may refuse storage: the choice then lasts for this page.
  }
  listeners.forEach((listener) => listener());
  if (open) requestAnimationFrame(() => document.getElementById("analysis")?.scrollIntoView({ block: "nearest" }));
};
const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
const useOpen = () => useSyncExternalStore(subscribe, read, () => false);

export function AnalysisButton() {
  const shown = useOpen();
  return (
    <button type="button" className="analysis-button" aria-expanded={shown} aria-controls="analysis" aria-keyshortcuts="E" onClick={toggle}>
      Ranges and equity <kbd aria-hidden="true">E</kbd>
    </button>
  );
}

const Stops = ({ view, onStep }) => (
  <ol className="analysis-stops" aria-label="Steps of the line">
    {view.stops.map((stop, index) => (
      <li key={index}>
        {stop.at < 0 ? (
          <span className="step step--street">{stop.text}{stop.card && <PlayingCard card={stop.card} />}</span>
        ) : (
          <button type="button" className={`step step--${stop.tone}`} aria-current={stop.at === view.at ? "step" : undefined} onClick={() => onStep(stop.at)}>
            {stop.text}
          </button>
        )}
      </li>
    ))}
  </ol>
);

const Shares = ({ title, rows }) => rows.length > 0 && (
  <table className="data-table analysis-shares" aria-label={title}>
    <thead>
      <tr><th scope="col">{title}</th><th scope="col" className="number">You</th><th scope="col" className="number">Villain</th></tr>
    </thead>
    <tbody>
      {rows.map((row) => (
        <tr key={row.name}>
          <th scope="row">{row.name}</th>
          <td className="number"><i className="analysis-bar analysis-bar--hero" style={{ width: `${row.hero}%` }} />{row.hero_text}</td>
          <td className="number"><i className="analysis-bar analysis-bar--villain" style={{ width: `${row.villain}%` }} />{row.villain_text}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

const Curves = ({ view }) => (
  <figure className="analysis-curves">
    <svg viewBox="-13 -3 120 116" role="img" aria-label={`Equity of each hand against the other range, worst to best. ${view.ranges.map((range) => `${range.title}: ${range.words}`).join(". ")}`}>
      {[0, 25, 50, 75, 100].map((at) => (
        <g key={at}>
          <path d={`M0 ${at}H100`} className="analysis-line" />
          <text x="-2" y={at + 1.5} textAnchor="end">{100 - at}</text>
          <text x={at} y="106" textAnchor="middle">{at}</text>
        </g>
      ))}
      <text x="50" y="112" textAnchor="middle">Hands of the range, worst to best, %</text>
      <path d={view.ranges[1].curve} className="analysis-curve analysis-curve--villain" />
      <path d={view.ranges[0].curve} className="analysis-curve analysis-curve--hero" />
      {view.mark.length > 0 && <circle cx={view.mark[0]} cy={view.mark[1]} r="2" className="analysis-mark" />}
    </svg>
    <figcaption>
      <span><i className="analysis-key analysis-key--hero" />{view.ranges[0].title}</span>
      <span><i className="analysis-key analysis-key--villain" />{view.ranges[1].title}</span>
      <span>{view.mark_words}</span>
    </figcaption>
  </figure>
);

const Actions = ({ view }) => (
  <table className="data-table" aria-label="Actions of the range">
    <thead>
      <tr><th scope="col">{view.ranges[0].acts ? "Your range" : "Villain's range"}</th><th scope="col" className="number">Frequency</th>{view.against && <th scope="col" className="number">In the solution</th>}<th scope="col" className="number">EV, {view.unit}</th></tr>
    </thead>
    <tbody>
      {view.actions.map((action) => (
        <tr key={action.label}>
          <th scope="row"><span className={`dot dot--${action.tone}`} aria-hidden="true" />{action.label}</th>
          <td className="number">{action.frequency}</td>
          {view.against && <td className="number analysis-usual">{action.usual}</td>}
          <td className="number">{action.ev}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

const Found = memo(function Found({ view, onStep }) {
  const start = Math.max(CLASSES.indexOf(view.hero), 0);
  const [looked, setLooked] = useState({ side: 0, index: start });
  useEffect(() => setLooked({ side: 0, index: start }), [view.decision_id, view.at]);
  const shown = view.ranges[looked.side];
  return (
    <>
      <Stops view={view} onStep={onStep} />
      <div className="analysis-title">
        <h2>{view.title}</h2>
        <p>{view.accuracy}</p>
        <a href={view.href}>Open in the solution</a>
        {view.against && <p className="analysis-against">{view.against}</p>}
      </div>
      <div className="analysis-ranges">
        {view.ranges.map((range, side) => (
          <div key={range.title} className="analysis-range">
            <h3>{range.title}<small>{range.words}</small></h3>
            <StrategyGrid data={range.grid} actions={range.grid_actions} hero={side === 0 ? view.hero : ""} label={range.title} onLook={(index) => setLooked({ side, index })} />
          </div>
        ))}
        <ComboTable combos={shown.combos} actions={shown.acts ? shown.grid_actions : []} looked={looked.index} title={shown.title} unit={view.unit} />
      </div>
      <div className="analysis-facts">
        <Actions view={view} />
        <div><Shares title="Made hands" rows={view.made} /><Shares title="Draws" rows={view.drawing} /></div>
        <Curves view={view} />
      </div>
    </>
  );
});

export function AnalysisPanel({ decision = "", phase = "idle", unit = "bb", view, error = "", place = 0, onLook }) {
  const active = useActiveTable();
  const shown = useOpen() && (place === 0 || place === active);
  const look = useRef(onLook);
  look.current = onLook;
  const ready = shown && decision !== "" && phase !== "rolling" && phase !== "starting";
  const fits = view && view.decision_id === decision;

  useEffect(() => {
    if (ready) look.current?.(decision, fits && view.at >= 0 ? view.at : -1, unit);
  }, [ready, decision, unit]);

  const step = (at) => look.current?.(decision, at, unit);
  const keys = useRef(null);
  keys.current = (event) => {
    if (place !== 0 && place !== active) return;
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, dialog, [role=grid]")) return;
    if (event.key.toUpperCase() === "E" && decision !== "") return toggle();
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move || !shown || !fits) return;
    const stops = view.stops.map((stop) => stop.at).filter((at) => at >= 0);
    const next = stops[stops.indexOf(view.at) + move];
    if (next === undefined) return;
    event.preventDefault();
    step(next);
  };
  useEffect(() => {
    const listen = (event) => keys.current(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  if (!shown || decision === "") return null;
  return (
    <section id="analysis" className="analysis" aria-label="Ranges and equity" aria-busy={!fits && !error}>
      {error ? <p role="status" className="analysis-quiet">{error}</p>
        : fits ? <Found view={view} onStep={step} />
        : <p role="status" className="analysis-quiet">Loading both ranges</p>}
    </section>
  );
}
