// Sets the chosen theme before the first paint; a file of its own because the pages allow no inline script.
try {
  const chosen = localStorage.getItem("catalog.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off: the system's preference decides.
}
