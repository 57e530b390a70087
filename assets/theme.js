// Runs before the first paint, so that the remembered theme never flashes.
(() => {
  const root = document.documentElement;
  const stored = (key, allowed) => {
    try {
      const value = localStorage.getItem(key);
      return allowed.includes(value) ? value : allowed[0];
    } catch {
      return allowed[0];
    }
  };
  root.dataset.theme = stored("mixline-theme", ["dark", "light", "system"]);
  try {
    root.dataset.atTable = sessionStorage.getItem("mixline-at-table") || "off";
  } catch {
    root.dataset.atTable = "off";
  }
  root.dataset.colours = stored("mixline-colours", ["usual", "safe"]);
  root.dataset.deck = stored("mixline-deck", ["four", "two"]);
  root.dataset.zen = stored("mixline-zen", ["off", "on"]);
})();
