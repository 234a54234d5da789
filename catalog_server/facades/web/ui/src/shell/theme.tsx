// Light, dark or as the system says; kept in this browser.
import { useState } from "react";
import { Icon, type IconName } from "../components/icons";

type Theme = "system" | "light" | "dark";
const NEXT: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };
const ICONS: Record<Theme, IconName> = { system: "auto", dark: "moon", light: "sun" };

function stored(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === "dark" || theme === "light" ? theme : "system";
}

function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("catalog.theme", theme);
  } catch {
    // Storage is switched off: the choice lasts for this page.
  }
}

export function ThemeToggle() {
  const [theme, setTheme] = useState(stored);
  const next = NEXT[theme];
  const change = () => {
    apply(next);
    setTheme(next);
  };
  return (
    <button
      type="button"
      className="button quiet square"
      onClick={change}
      aria-label={`Theme: ${theme}. Change to ${next}`}
      title={`Theme: ${theme}`}
    >
      <Icon name={ICONS[theme]} />
    </button>
  );
}
