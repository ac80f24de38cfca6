// Light or dark: the system's choice until the user makes one, which is kept where the browser allows it.
import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";

type Theme = "system" | "light" | "dark";
const themes: readonly Theme[] = ["system", "light", "dark"];
const key = "edge-guard.theme";

function stored(): Theme {
  try {
    const found = localStorage.getItem(key) as Theme | null;
    return found !== null && themes.includes(found) ? found : "system";
  } catch {
    return "system";
  }
}

/** Puts the kept choice on the document; called before the first paint. */
export function applyTheme(theme: Theme = stored()): void {
  document.documentElement.dataset["theme"] = theme;
}

export function ThemeToggle(): ComponentChild {
  const [theme, setTheme] = useState(stored);
  return (
    <label class="toggle">
      <span>Theme</span>
      <select
        value={theme}
        onChange={(event) => {
          const chosen = event.currentTarget.value as Theme;
          setTheme(chosen);
          applyTheme(chosen);
          try {
            localStorage.setItem(key, chosen);
          } catch {
            // Not kept then: private windows and blocked storage.
          }
        }}
      >
        {themes.map((name) => (
          <option key={name} value={name}>
            {name[0]!.toUpperCase() + name.slice(1)}
          </option>
        ))}
      </select>
    </label>
  );
}
