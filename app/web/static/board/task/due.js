import { html, useState } from "../lib.js";
import { Icon } from "../ui/icon.js";
import { Popover } from "../ui/popover.js";
import { Due, instantOf, wall } from "../ui/time.js";
import { save } from "./saving.js";

const END_OF_DAY = "23:59:59";

/** What is sent for a due date, and what the task looks like with it. */
function edited(day, time) {
  if (!day) return [{ due_date: null }, { due_date: null, due_date_only: false }];
  const shown = { due_date: instantOf(day, time || END_OF_DAY), due_date_only: !time };
  return [{ due_date: time ? shown.due_date : day }, shown];
}

function Form({ task, onDone }) {
  const [base] = useState(task);
  const was = base.due_date ? wall(base.due_date) : { day: "", time: "" };
  const time = base.due_date_only ? "" : was.time;
  const submit = (event) => {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    onDone();
    save(base, ...edited(form.day, form.time));
  };
  const clear = () => {
    onDone();
    save(base, ...edited("", ""));
  };
  return html`<form class="due-form" onSubmit=${submit}>
    <label>
      Day
      <input
        class="input"
        type="date"
        name="day"
        defaultValue=${was.day}
        min="1900-01-01"
        max="2999-12-31"
        required
      />
    </label>
    <label>
      Time, if it matters
      <input class="input" type="time" name="time" defaultValue=${time} />
    </label>
    <div class="row">
      <button class="button primary">Set</button>
      ${
        base.due_date &&
        html`<button type="button" class="button quiet" onClick=${clear}>No date</button>`
      }
    </div>
  </form>`;
}

/** When a task is due: a day, or an instant. */
export function DueField({ task, canWrite }) {
  const shown = task.due_date
    ? html`<${Due} task=${task} />`
    : html`<${Icon} name="calendar" /><span class="soft">None</span>`;
  if (!canWrite) return html`<span class="property-value">${shown}</span>`;
  return html`<${Popover} label="Due date" class="property-value" button=${shown}>
    ${(shut) => html`<${Form} task=${task} onDone=${shut} />`}
  <//>`;
}
