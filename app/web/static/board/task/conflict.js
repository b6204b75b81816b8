import { html } from "../lib.js";
import { Dialog } from "../ui/dialog.js";
import { conflict, keepMine } from "./saving.js";
import { FIELDS } from "./words.js";

function Versions({ name, mine, theirs }) {
  const [label, show] = FIELDS[name];
  return html`<div class="versions">
    <h3>${label}</h3>
    <dl>
      <dt>Theirs</dt>
      <dd>${show(theirs[name])}</dd>
      <dt>Yours</dt>
      <dd>${show(mine[name])}</dd>
    </dl>
  </div>`;
}

/** Asks what shall count where somebody else has changed the same field meanwhile. */
export function Conflict() {
  if (!conflict.value) return null;
  const { edit, theirs, names } = conflict.value;
  const takeTheirs = () => (conflict.value = null);
  return html`<${Dialog} title="Somebody else changed this meanwhile" onClose=${takeTheirs}>
    <div class="stack">
      ${names
        .filter((name) => name !== "due_date_only")
        .map(
          (name) =>
            html`<${Versions} key=${name} name=${name} mine=${edit.shown} theirs=${theirs} />`,
        )}
      <div class="actions">
        <button type="button" class="button" onClick=${takeTheirs}>Take theirs</button>
        <button type="button" class="button primary" onClick=${keepMine}>Keep mine</button>
      </div>
    </div>
  <//>`;
}
