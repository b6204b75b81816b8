import { html, useEffect } from "../lib.js";
import { useDisclosure } from "./disclosure.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** Arrow keys go from item to item, and round. */
function go(event) {
  if (!(event.key in STEPS)) return;
  const all = [...event.currentTarget.querySelectorAll(".menu-item")];
  all.at((all.indexOf(document.activeElement) + STEPS[event.key]) % all.length).focus();
  event.preventDefault();
  event.stopPropagation();
}

function Item({ item, shut }) {
  const { label, icon, danger, checked, refused, run } = item;
  const choose = () => {
    if (refused) return;
    shut();
    run();
  };
  return html`<button
    type="button"
    class="menu-item ${danger ? "danger" : ""}"
    role=${checked === undefined ? "menuitem" : "menuitemradio"}
    aria-checked=${checked}
    aria-disabled=${Boolean(refused)}
    onClick=${choose}
  >
    ${icon}
    <span class="grow">${label} ${refused && html`<span class="menu-why">${refused}</span>`}</span>
    ${checked && "✓"}
  </button>`;
}

/**
 * A button that opens a list of actions.
 *
 * `items`: `{label, run, icon?, danger?, checked?, refused?}` or null; `refused` says why that one
 * cannot be chosen. `onOpen()` is called when the list is opened.
 */
export function Menu({ label, button, class: look = "button quiet", place = "", items, onOpen }) {
  const { open, toggle, shut, frame } = useDisclosure(".menu-item");
  useEffect(() => {
    if (open) onOpen?.();
  }, [open]);
  return html`<div ...${frame}>
    <button
      type="button"
      class=${look}
      aria-label=${label}
      title=${label}
      aria-haspopup="menu"
      aria-expanded=${open}
      onClick=${toggle}
    >
      ${button}
    </button>
    ${open &&
    html`<div class="menu-list ${place}" role="menu" aria-label=${label} onKeyDown=${go}>
      ${items
        .filter(Boolean)
        .map((item, at) => html`<${Item} key=${at} item=${item} shut=${shut} />`)}
    </div>`}
  </div>`;
}
