import { html, useEffect, useRef, useState } from "../lib.js";
import { Icon } from "./icon.js";

const PAUSE_MS = 250;

/** A field to search with; `onSearch(text)` is called a pause after the last key. */
export function SearchField({ text, field, onSearch, ...rest }) {
  const [typed, setTyped] = useState(text);
  const latest = useRef(null);
  latest.current = onSearch;
  // What comes from elsewhere goes into the field; a space at the end is still being typed on.
  useEffect(() => setTyped((present) => (present.trim() === text ? present : text)), [text]);
  useEffect(() => {
    if (typed.trim() === text) return undefined;
    const timer = setTimeout(() => latest.current(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return html`<div class="search">
    <${Icon} name="search" />
    <input
      ref=${field}
      class="input"
      type="search"
      maxlength="200"
      value=${typed}
      onInput=${(event) => setTyped(event.target.value)}
      onKeyDown=${(event) => event.key === "Escape" && event.target.blur()}
      ...${rest}
    />
  </div>`;
}
