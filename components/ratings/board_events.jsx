import { useEffect, useRef } from "react";

// Follows a board: one reload when the stream says that it changed, at most one a second, none while nobody looks.
// A hidden page closes its stream, because a browser opens only six connections to a server.
export function BoardEvents({ url, onChange }) {
  const reload = useRef(onChange);
  useEffect(() => {
    reload.current = onChange;
  });
  useEffect(() => {
    let source = null;
    let timer = null;
    let last = 0;
    const changed = () => {
      if (timer !== null) return;
      timer = setTimeout(() => {
        timer = null;
        last = Date.now();
        reload.current?.();
      }, Math.max(0, last + 1000 - Date.now()));
    };
    const follow = () => {
      if (document.hidden) {
        source?.close();
        source = null;
      } else if (source === null) {
        source = new EventSource(url);
        source.addEventListener("board", changed);
      }
    };
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      source?.close();
      clearTimeout(timer);
    };
  }, [url]);
  return null;
}
