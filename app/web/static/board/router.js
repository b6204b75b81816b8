// Addresses: what stands after the # says which page is shown.
import { signal } from "./lib.js";

const PAGES = [
  ["home", /^$/],
  ["board", /^boards\/(\d+)$/],
  ["project", /^projects\/(\d+)$/],
  ["projects", /^projects$/],
  ["task", /^tasks\/(\d+)$/],
  ["tasks", /^tasks$/],
  ["inbox", /^inbox$/],
  ["reports", /^reports$/],
  ["preferences", /^preferences$/],
];

function read() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  for (const [page, pattern] of PAGES) {
    const found = path.match(pattern);
    if (found) return { page, id: found[1] ? Number(found[1]) : null, query };
  }
  return { page: "unknown", id: null, query: "" };
}

/** What the address asks for: `{page, id, query}`. */
export const route = signal(read());

/** The page behind the panel of a task: the last one that was no task. */
export const behind = signal(null);

addEventListener("hashchange", () => {
  if (route.value.page !== "task") behind.value = route.value;
  route.value = read();
});

/** Go to an address such as "boards/7". */
export function go(path) {
  location.hash = path;
}

/** Change the address without a step in the history of the browser. */
export function replace(path) {
  history.replaceState(null, "", `#${path}`);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
