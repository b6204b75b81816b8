import { useLayoutEffect, useRef, useState } from "../lib.js";

/**
 * What a button opens beneath it: `{open, toggle, shut, frame}`.
 *
 * `frame` are the attributes of the element around both, whose first button is that button. `first`
 * selects what gets the focus when it opens. Escape closes it, and so does going elsewhere with the
 * pointer or the focus; `shut()` gives the focus back to the button.
 */
export function useDisclosure(first) {
  const [open, setOpen] = useState(false);
  const element = useRef(null);
  const close = () => setOpen(false);
  const shut = () => {
    close();
    element.current.querySelector("button").focus();
  };
  // Before the next key: Escape would otherwise give the focus back ahead of this.
  useLayoutEffect(() => {
    if (!open) return undefined;
    element.current.querySelector(first)?.focus();
    const away = (event) => !element.current.contains(event.target) && close();
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, [open]);
  const onKeyDown = (event) => {
    if (!open || event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    shut();
  };
  // Nobody gets it where the window loses it, or a field gives way to the calendar of the browser.
  const onFocusOut = ({ relatedTarget: next }) => {
    if (open && next && !element.current.contains(next)) close();
  };
  // With a tabindex, a click beside the buttons within it leaves the focus within it.
  const frame = { class: "menu", ref: element, tabindex: -1, onKeyDown, onFocusOut };
  return { open, toggle: () => setOpen(!open), shut, frame };
}
