// What can be done from the keyboard: pages register commands; the palette and the help list them.
import { signal, useEffect } from "./lib.js";

/** The commands of now: `{id, title, section, keys, run, hidden}`; keys such as "c", "g i", "mod+k". */
export const commands = signal([]);

/** Offer commands while a component is there; `deps` as for useEffect. */
export function useCommands(offered, deps = []) {
  useEffect(() => {
    commands.value = [...commands.value, ...offered];
    return () => {
      commands.value = commands.value.filter((each) => !offered.includes(each));
    };
  }, deps);
}

const SEQUENCE_MS = 900;
let typed = "";
let timer;

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable], dialog[open]") !== null;
}

function nameOf(event) {
  if ((event.metaKey || event.ctrlKey) && !event.altKey) return `mod+${event.key.toLowerCase()}`;
  return event.altKey || event.ctrlKey || event.metaKey ? "" : event.key;
}

addEventListener("keydown", (event) => {
  const name = nameOf(event);
  if (!name || event.defaultPrevented) return;
  if (!name.startsWith("mod+") && isTyping(event.target)) return;
  const keys = [`${typed} ${name}`.trim(), name];
  const found = keys
    .map((each) => commands.value.findLast((command) => command.keys === each))
    .find(Boolean);
  clearTimeout(timer);
  typed = found ? "" : name;
  timer = setTimeout(() => (typed = ""), SEQUENCE_MS);
  if (!found) return;
  event.preventDefault();
  found.run();
});
