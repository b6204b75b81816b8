import { html, useEffect, useRef, useState } from "../lib.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * A button that opens a list of actions.
 *
 * `items`: `{label, run, icon?, danger?, checked?, refused?}` or null; `refused` says why that one
 * cannot be chosen. Arrow keys go through the list, Escape and a click elsewhere close it.
 */
export function Menu({ label, button, class: look = "button quiet", place = "", items, onOpen }) {
  const [open, setOpen] = useState(false);
  const frame = useRef(null);
  useEffect(() => {
    if (!open) return undefined;
    frame.current.querySelector(".menu-item")?.focus();
    onOpen?.();
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
  const choose = ({ run, refused }) => {
    if (refused) return undefined;
    return () => {
      shut();
      run();
    };
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
    ${
      open &&
      html`<div class="menu-list ${place}" role="menu" aria-label=${label}>
      ${items.filter(Boolean).map(
        (item) => html`<button
          key=${item.label}
          type="button"
          class="menu-item ${item.danger ? "danger" : ""}"
          role=${item.checked === undefined ? "menuitem" : "menuitemradio"}
          aria-checked=${item.checked}
          aria-disabled=${Boolean(item.refused)}
          onClick=${choose(item)}
        >
          ${item.icon}
          <span class="grow">
            ${item.label} ${item.refused && html`<span class="menu-why">${item.refused}</span>`}
          </span>
          ${item.checked && "✓"}
        </button>`,
      )}
    </div>`
    }
  </div>`;
}
