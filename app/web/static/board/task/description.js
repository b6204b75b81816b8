import { html, useEffect, useRef, useState } from "../lib.js";
import { Prose } from "./prose.js";
import { save } from "./saving.js";

function Editor({ task, onDone }) {
  const field = useRef(null);
  const [base] = useState(task);
  useEffect(() => field.current.focus(), []);
  const submit = async () => {
    const description = field.current.value;
    onDone();
    if (description !== base.description) await save(base, { description });
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
    else if (event.key === "Escape") onDone();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="editor">
    <textarea
      ref=${field}
      class="input"
      rows="6"
      maxlength="20000"
      aria-label="Description"
      defaultValue=${base.description}
      onKeyDown=${onKeyDown}
    />
    <div class="row">
      <button type="button" class="button primary" onClick=${submit}>Save</button>
      <button type="button" class="button quiet" onClick=${onDone}>Cancel</button>
      <span class="tiny soft only-wide"><kbd>Ctrl</kbd> <kbd>↵</kbd> saves</span>
    </div>
  </div>`;
}

/** The description; a click on it, or its button, begins to edit. */
export function Description({ task, canWrite }) {
  const [editing, setEditing] = useState(false);
  const button = useRef(null);
  const edit = (event) => {
    if (!canWrite || event.target.closest("a") || String(getSelection())) return;
    setEditing(true);
  };
  const done = () => {
    setEditing(false);
    requestAnimationFrame(() => button.current?.focus());
  };
  return html`<section class="panel-part" aria-labelledby="panel-description">
    <header class="row">
      <h3 id="panel-description" class="grow">Description</h3>
      ${
        canWrite &&
        !editing &&
        html`<button ref=${button} type="button" class="link" onClick=${() => setEditing(true)}>
        ${task.description ? "Edit" : "Write one"}
      </button>`
      }
    </header>
    ${
      editing
        ? html`<${Editor} task=${task} onDone=${done} />`
        : html`<div onClick=${edit}>
          ${
            task.description
              ? html`<${Prose} text=${task.description} />`
              : html`<p class="soft">Nothing written yet.</p>`
          }
        </div>`
    }
  </section>`;
}
