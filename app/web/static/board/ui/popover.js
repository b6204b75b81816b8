import { html, useEffect, useId, useRef, useState } from "../lib.js";

/** A button that opens a panel beneath it; Escape and a click elsewhere close it. */
export function Popover({ label, button, class: look = "button", children }) {
  const [open, setOpen] = useState(false);
  const frame = useRef(null);
  const id = useId();
  useEffect(() => {
    if (!open) return undefined;
    frame.current.querySelector(".popover input, .popover select, .popover button")?.focus();
    const away = (event) => !frame.current.contains(event.target) && setOpen(false);
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, [open]);
  const shut = () => {
    setOpen(false);
    frame.current.querySelector("button").focus();
  };
  const onKeyDown = (event) => {
    if (!open || event.key !== "Escape") return;
    event.stopPropagation();
    shut();
  };
  return html`<div class="menu" ref=${frame} onKeyDown=${onKeyDown}>
    <button
      type="button"
      class=${look}
      aria-expanded=${open}
      aria-controls=${open ? id : undefined}
      onClick=${() => setOpen(!open)}
    >
      ${button}
    </button>
    ${open &&
    html`<div id=${id} class="popover" role="group" aria-label=${label}>
      ${children}
      <button type="button" class="button primary wide only-narrow" onClick=${shut}>Done</button>
    </div>`}
  </div>`;
}
