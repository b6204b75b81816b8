import { html, useId } from "../lib.js";
import { useDisclosure } from "./disclosure.js";

const FIRST = ".popover input, .popover select, .popover button";

/** A button that opens a panel beneath it; `children(shut)` draws what is in the panel. */
export function Popover({ label, button, class: look = "button", children }) {
  const { open, toggle, shut, frame } = useDisclosure(FIRST);
  const id = useId();
  return html`<div ...${frame}>
    <button
      type="button"
      class=${look}
      aria-expanded=${open}
      aria-controls=${open ? id : undefined}
      onClick=${toggle}
    >
      ${button}
    </button>
    ${open &&
    html`<div id=${id} class="popover" role="group" aria-label=${label}>
      ${children(shut)}
      <button type="button" class="button primary wide only-narrow" onClick=${shut}>Done</button>
    </div>`}
  </div>`;
}
