import { html, signal, useEffect, useId, useRef } from "../lib.js";
import { IconButton } from "./button.js";

/** A modal `<dialog>`: the browser keeps the focus inside, and it goes back where it came from. */
export function useModal(onClose) {
  const element = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    return () => before?.focus?.();
  }, []);
  const onCancel = (event) => {
    event.preventDefault();
    onClose();
  };
  // Text that is marked may begin inside and end beside it: that is no click beside it.
  const pressed = useRef(null);
  const onPointerDown = (event) => (pressed.current = event.target);
  const onClick = ({ target }) => {
    if (target === element.current && target === pressed.current) onClose();
  };
  return { ref: element, onCancel, onPointerDown, onClick };
}

/** A modal dialog with a title; Escape and a click beside it close it. */
export function Dialog({ title, onClose, class: extra = "", children }) {
  const modal = useModal(onClose);
  const heading = useId();
  return html`<dialog class="dialog ${extra}" aria-labelledby=${heading} ...${modal}>
    <header>
      <h2 id=${heading}>${title}</h2>
      <${IconButton} icon="close" label="Close" onClick=${onClose} />
    </header>
    <div class="body">${children}</div>
  </dialog>`;
}

const question = signal(null);

/** Ask before something that cannot be undone: resolves to whether it was confirmed. */
export function confirm({ title, text, action }) {
  return new Promise((resolve) => {
    question.value = { title, text, action, resolve };
  });
}

/** The place where questions appear; once on the page. */
export function Questions() {
  const asked = question.value;
  if (!asked) return null;
  const answer = (value) => () => {
    question.value = null;
    asked.resolve(value);
  };
  return html`<${Dialog} title=${asked.title} onClose=${answer(false)}>
    <div class="stack">
      <p>${asked.text}</p>
      <div class="actions">
        <button type="button" class="button" onClick=${answer(false)}>Cancel</button>
        <button type="button" class="button danger" onClick=${answer(true)}>${asked.action}</button>
      </div>
    </div>
  <//>`;
}
