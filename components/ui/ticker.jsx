import { useEffect, useRef } from "react";

// Fires every few seconds while the page is in sight and there is something to wait for.
export function Ticker({ seconds, running, onTick }) {
  const tick = useRef(onTick);
  useEffect(() => {
    tick.current = onTick;
  });
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) tick.current?.();
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [running, seconds]);
  return null;
}
