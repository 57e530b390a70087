import { useEffect, useRef } from "react";

// Left and right arrow keys, wherever the focus is, but not while something is typed or chosen.
export function ArrowKeys({ onLeft, onRight }) {
  const handlers = useRef({});
  useEffect(() => {
    handlers.current = { ArrowLeft: onLeft, ArrowRight: onRight };
  });
  useEffect(() => {
    const pressed = (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.("input, select, textarea, [role=grid]"))
        return;
      handlers.current[event.key]?.();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  return null;
}
