import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../lib.js";
import { useMentions } from "./mentions.js";

/**
 * The field for a comment; Ctrl+Enter sends it.
 *
 * `onSend(text)` resolves to whether it was taken; otherwise the text stays. `onCancel` is for
 * answers and edits, `onTyping` is called while somebody writes.
 */
export function Writer({ label, text: begun = "", action, members, onSend, onCancel, onTyping }) {
  const [text, setText] = useState(begun);
  const [busy, setBusy] = useState(false);
  const field = useRef(null);
  const caret = useRef(null);
  const id = useId();
  const mentions = useMentions(id, members, (next, position) => {
    caret.current = position;
    setText(next);
  });
  useEffect(() => {
    if (onCancel) field.current.focus();
  }, []);
  useLayoutEffect(() => {
    if (caret.current === null) return;
    field.current.focus();
    field.current.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [text]);

  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    if (await onSend(text.trim())) setText("");
    setBusy(false);
  };
  const onKeyDown = (event) => {
    if (mentions.onKeyDown(event)) event.preventDefault();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
    else if (event.key === "Escape" && onCancel) onCancel();
    else if (event.key === "Escape") event.target.blur();
    else return;
    event.stopPropagation();
  };
  const onInput = (event) => {
    setText(event.target.value);
    mentions.onInput(event);
    onTyping?.();
  };
  return html`<div class="writer">
    <textarea
      ref=${field}
      id=${id}
      class="input"
      rows="2"
      maxlength="10000"
      placeholder="${label} …"
      aria-label=${label}
      value=${text}
      onInput=${onInput}
      onKeyDown=${onKeyDown}
      onBlur=${mentions.close}
      ...${mentions.attributes}
    />
    ${mentions.list}
    <div class="row">
      <button type="button" class="button primary" disabled=${busy || !text.trim()} onClick=${send}>
        ${action}
      </button>
      ${
        onCancel &&
        html`<button type="button" class="button quiet" onClick=${onCancel}>Cancel</button>`
      }
      <span class="tiny soft only-wide">
        <kbd>Ctrl</kbd> <kbd>↵</kbd> sends, @ mentions somebody
      </span>
    </div>
  </div>`;
}
