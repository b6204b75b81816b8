// Before anything is drawn: the theme that was chosen, else that of the system. Not a module, so that
// it runs at once and the page never flashes in the other one.
const chosen = localStorage.getItem("theme");
const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.theme = dark ? "dark" : "light";
