import { html, useEffect, useRef, useState } from "../lib.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * A button that opens a list of actions. `items`: `{label, run, icon?, danger?, checked?}` or null.
 *
 * Arrow keys go through the list, Escape and a click elsewhere close it.
 */
export function Menu({ label, button, class: look = "button quiet", place = "", items }) {
  const [open, setOpen] = useState(false);
  const frame = useRef(null);
  useEffect(() => {
    if (!open) return undefined;
    frame.current.querySelector(".menu-item")?.focus();
    const away = (event) => !frame.current.contains(event.target) && setOpen(false);
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, [open]);

  const shut = () => {
    setOpen(false);
    frame.current.querySelector("button").focus();
  };
  const onKeyDown = (event) => {
    if (!open) return;
    const choices = [...frame.current.querySelectorAll(".menu-item")];
    const at = choices.indexOf(document.activeElement);
    if (event.key === "Escape") shut();
    else if (event.key in STEPS) choices.at((at + STEPS[event.key]) % choices.length).focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const choose = (run) => () => {
    shut();
    run();
  };
  return html`<div class="menu" ref=${frame} onKeyDown=${onKeyDown}>
    <button
      type="button"
      class=${look}
      aria-label=${label}
      title=${label}
      aria-haspopup="menu"
      aria-expanded=${open}
      onClick=${() => setOpen(!open)}
    >
      ${button}
    </button>
    ${open &&
    html`<div class="menu-list ${place}" role="menu" aria-label=${label}>
      ${items.filter(Boolean).map(
        (item) => html`<button
          key=${item.label}
          type="button"
          class="menu-item ${item.danger ? "danger" : ""}"
          role=${item.checked === undefined ? "menuitem" : "menuitemradio"}
          aria-checked=${item.checked}
          onClick=${choose(item.run)}
        >
          ${item.icon}
          <span class="grow">${item.label}</span>
          ${item.checked && "✓"}
        </button>`,
      )}
    </div>`}
  </div>`;
}
