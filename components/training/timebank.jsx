import React, { useEffect, useRef, useState } from "react";

// A fast player's server and browser clocks differ by less than this; then the server is asked, and asked again.
const PATIENCE_MS = 250;
// When a screen reader is told, in seconds.
const MOMENTS = [60, 30, 5, 3];

// The bar's room is kept while a decision has no clock running, so that nothing moves.
export function Timebank({ deadline = "", seconds = 0, decision = "", phase = "idle", onOver }) {
  const [left, setLeft] = useState(null);
  const over = useRef(onOver);
  over.current = onOver;
  const running = Boolean(deadline) && phase === "decision" && decision !== "";

  useEffect(() => {
    if (!running) return setLeft(null);
    // The server's deadline, but never more than the whole time from now on a browser whose clock is late.
    const end = Math.min(Date.parse(deadline), Date.now() + seconds * 1000);
    let asked = 0;
    const tick = () => {
      const now = end - Date.now();
      setLeft(Math.max(0, now / 1000));
      if (now <= -PATIENCE_MS && Date.now() - asked > 1500) {
        asked = Date.now();
        over.current?.(decision);
      }
    };
    tick();
    const timer = setInterval(tick, 200);
    return () => clearInterval(timer);
  }, [running, deadline, decision, seconds]);

  if (!seconds) return null;
  const shown = left === null ? "" : Math.ceil(left);
  const spoken = MOMENTS.includes(shown) && shown < seconds ? `${shown} seconds left` : "";
  const text = shown > 90 ? `${Math.floor(shown / 60)}:${String(shown % 60).padStart(2, "0")} min` : `${shown} s`;
  return (
    <div className="timebank" role="timer" aria-label="Time left" data-low={left !== null && left <= 3 ? "" : undefined}>
      <div className="timebank-bar" style={{ transform: `scaleX(${left === null ? 1 : Math.min(1, left / seconds)})` }} />
      <span className="timebank-text" aria-hidden="true">{shown === "" ? "" : text}</span>
      <span className="visually-hidden" aria-live="assertive">{spoken}</span>
    </div>
  );
}
