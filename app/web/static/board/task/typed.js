// Fields of a task that are typed: saved when one leaves them, with what was seen before as base.
import { html, useId, useLayoutEffect, useRef, useState } from "../lib.js";
import { save } from "./saving.js";

const GROWS = CSS.supports("field-sizing", "content");

/** Where the browser cannot do it, a field is made as high as its text. */
function useGrowing(field, text) {
  useLayoutEffect(() => {
    if (GROWS) return;
    field.current.style.height = "auto";
    field.current.style.height = `${field.current.scrollHeight}px`;
  }, [text]);
}

/** The estimate in hours; saved when one leaves the field. */
export function HoursField({ task, canWrite }) {
  const [text, setText] = useState(null);
  const base = useRef(null);
  const shown = task.estimated_hours ?? "";
  const done = async ({ target }) => {
    setText(null);
    // What is no number reads as nothing, which would take the estimate off.
    if (text === null || target.validity.badInput) return;
    const estimated_hours = text === "" ? null : Number(text);
    if (estimated_hours === base.current.estimated_hours) return;
    await save(base.current, { estimated_hours });
  };
  return html`<input
    class="property-value"
    type="number"
    min="0"
    step="any"
    inputmode="decimal"
    placeholder="None"
    aria-label="Estimated hours"
    disabled=${!canWrite}
    value=${text ?? shown}
    onFocus=${() => (base.current = task)}
    onInput=${(event) => setText(event.target.value)}
    onBlur=${done}
    onKeyDown=${leaveOn(() => setText(null))}
  />`;
}

/** Enter leaves a field, which saves it; Escape calls `forget` first. */
function leaveOn(forget) {
  return (event) => {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") forget();
    const field = event.target;
    // After the value is taken back, if it is.
    requestAnimationFrame(() => field.blur());
  };
}

/** The title, which grows with its text; saved when one leaves it. */
export function TitleField({ task, canWrite }) {
  const [text, setText] = useState(null);
  const base = useRef(null);
  const field = useRef(null);
  const label = useId();
  useGrowing(field, text ?? task.title);
  const done = async () => {
    const title = text?.trim();
    // Before it is saved: what is typed while that takes its time stays.
    setText(null);
    if (title && title !== base.current.title) await save(base.current, { title });
  };
  return html`<h2 class="panel-title">
    <label class="hidden-visually" for=${label}>Title</label>
    <textarea
      ref=${field}
      id=${label}
      rows="1"
      maxlength="500"
      readonly=${!canWrite}
      value=${text ?? task.title}
      onFocus=${() => (base.current = task)}
      onInput=${(event) => setText(event.target.value.replace(/\n/g, " "))}
      onBlur=${done}
      onKeyDown=${leaveOn(() => setText(null))}
    />
  </h2>`;
}
