import { html } from "../lib.js";

const MAC = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform || navigator.platform);
const NAMES = { mod: MAC ? "⌘" : "Ctrl", Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓", Enter: "↵" };

function drawn(key) {
  return NAMES[key] || (key.length === 1 ? key.toUpperCase() : key);
}

/** The keys of one stroke: "mod+k" is two of them, a capital letter takes the shift key. */
function strokes(stroke) {
  const keys = stroke.length > 1 ? stroke.split("+") : [stroke];
  const last = keys.at(-1);
  const shifted = last.length === 1 && last !== last.toLowerCase();
  return [...keys.slice(0, -1), ...(shifted ? ["Shift"] : []), last].map(drawn);
}

/** A shortcut as keys: "mod+k" as Ctrl K, "g i" as G then I. */
export function Keys({ keys }) {
  const parts = keys.split(" ");
  return html`<span class="keys">
    ${parts.map(
      (stroke, at) => html`
        ${at > 0 && html`<span class="tiny soft">then</span>`}
        ${strokes(stroke).map((key) => html`<kbd key=${key}>${key}</kbd>`)}
      `,
    )}
  </span>`;
}
