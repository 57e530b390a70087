import React, { useEffect, useState } from "react";

// One status for the whole page. down: the socket is gone. A page that waits too long for the server says so with the
// window event "mixline-waiting" (detail true or false), because a stopped server keeps its socket open for a while.
export function Connection({ down = false, notice = "" }) {
  const [waiting, setWaiting] = useState(false);
  useEffect(() => {
    const listen = (event) => setWaiting(event.detail);
    window.addEventListener("mixline-waiting", listen);
    return () => window.removeEventListener("mixline-waiting", listen);
  }, []);
  const text = down || waiting ? "Reconnecting" : notice;
  return (
    <div role="status" aria-label={text || "Connection"} className="connection" hidden={!text}>
      {(down || waiting) && <div className="spinner" aria-hidden="true" />}
      {text}
    </div>
  );
}
