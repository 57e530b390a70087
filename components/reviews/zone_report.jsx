import { useEffect } from "react";

// Says once where the browser is: the player's day begins at 04:00 there.
export function ZoneReport({ onZone }) {
  useEffect(() => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) onZone?.(zone);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return null;
}
