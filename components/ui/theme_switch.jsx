import React, { useEffect, useState } from "react";

const ORDER = ["dark", "light", "system"];

const ICONS = {
  dark: <path d="M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z" />,
  light: (
    <>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M5.3 18.700l1.4-1.400M17.3 6.700l1.4-1.4" />
    </>
  ),
  system: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 3.500a8.5 8.5 0 0 1 0 17z" fill="currentColor" />
    </>
  ),
};

// One button that goes dark, light, system; assets/theme.js applies the stored choice before the first paint.
export function ThemeSwitch() {
  const [theme, setTheme] = useState("dark");
  useEffect(() => setTheme(document.documentElement.dataset.theme || "dark"), []);
  const choose = () => {
    const next = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("mixline-theme", next);
    } catch {
      // Private windows may refuse storage: the choice then lasts for this page.
    }
    setTheme(next);
  };
  const label = `Theme: ${theme}`;
  return (
    <button type="button" className="button button--quiet button--icon" aria-label={label} title={label} onClick={choose}>
      <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        {ICONS[theme]}
      </svg>
    </button>
  );
}
