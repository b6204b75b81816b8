// What is done to several tasks at once: all of them or none.
import { post, remove } from "../api.js";
import { html, useEffect, useState } from "../lib.js";
import { me } from "../session.js";
import { choices, loadPeople } from "../store/people.js";
import { nameOf } from "../ui/avatar.js";
import { IconButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { PriorityMark, StatusMark } from "../ui/marks.js";
import { Menu } from "../ui/menu.js";
import { reasonOf } from "../ui/problem.js";
import { toast, toastError } from "../ui/toast.js";
import { counted, PRIORITIES, STATUSES } from "../ui/words.js";

const AT_ONCE = 200;
const SIDE_BY_SIDE = 4;

const after = ({ task, version, changes }) => ({
  id: task,
  version,
  ...Object.fromEntries(Object.entries(changes).map(([name, [, value]]) => [name, value])),
});

/** Put a field of tasks back to what it was; tasks that had the same go together. */
async function takeBack(field, results, onChanged) {
  const groups = Map.groupBy(results, ({ changes }) => changes[field][0]);
  try {
    for (const [value, group] of groups) {
      const tasks = group.map(({ task }) => task);
      const done = await post("/tasks/bulk/", { tasks, changes: { [field]: value } });
      onChanged(done.results.map(after));
    }
  } catch (error) {
    toastError("It could not be taken back.", error);
  }
}

async function apply(ids, field, value, onChanged) {
  const changes = { [field]: value };
  const { changed, results } = await post("/tasks/bulk/", { tasks: ids, changes });
  onChanged(results.map(after));
  const different = results.filter((each) => field in each.changes);
  const undo = different.length ? () => takeBack(field, different, onChanged) : null;
  toast(`${counted(changed, "task")} changed.`, { undo });
}

/** Call `act(id)` for all, some at a time; returns the ids that it was done to, and the first error. */
async function forEach(ids, act) {
  const left = [...ids];
  const done = [];
  let refused = null;
  const work = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      await act(id).then(
        () => done.push(id),
        (error) => (refused ??= error),
      );
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return { done, refused };
}

async function restore(ids, onRestored) {
  const { refused } = await forEach(ids, (id) => post(`/tasks/${id}/restore/`));
  if (refused) toastError("Not all tasks could be restored.", refused);
  onRestored();
}

async function removeAll(ids, { onRemoved, onRestored }) {
  const number = counted(ids.length, "task");
  const text = "They leave every list and board. You can take it back right afterwards.";
  if (!(await confirm({ title: `Delete ${number}?`, text, action: "Delete" }))) return;
  const { done, refused } = await forEach(ids, (id) => remove(`/tasks/${id}/`));
  onRemoved(new Set(done));
  if (done.length) {
    toast(`${counted(done.length, "task")} deleted.`, { undo: () => restore(done, onRestored) });
  }
  if (refused) throw refused;
}

const marked = (names, Mark, prop, choose) =>
  Object.entries(names).map(([value, label]) => ({
    label,
    icon: html`<${Mark} ...${{ [prop]: value }} />`,
    run: () => choose(value),
  }));

function assignees(choose) {
  const others = choices.value.all.filter((person) => person.id !== me.value.id);
  return [
    { label: "Me", run: () => choose(me.value.id) },
    { label: "Nobody", run: () => choose(null) },
    ...others.map((person) => ({ label: nameOf(person), run: () => choose(person.id) })),
  ];
}

const face = (icon, label) => html`<${Icon} name=${icon} /><span class="bulk-word">${label}</span>`;

/** The bar with what can be done to the chosen tasks; nothing while none is chosen. */
export function BulkBar({ ids, onChanged, onRemoved, onRestored, onClear }) {
  const [state, setState] = useState({ busy: false, refusal: null });
  const number = ids.size;
  useEffect(() => setState({ busy: false, refusal: null }), [ids]);
  useEffect(() => {
    loadPeople().catch((error) => toastError("The people could not be read.", error));
  }, []);
  const run = async (work) => {
    setState({ busy: true, refusal: null });
    try {
      await work();
      setState({ busy: false, refusal: null });
    } catch (error) {
      setState({ busy: false, refusal: reasonOf(error) });
    }
  };
  const set = (field) => (value) => run(() => apply([...ids], field, value, onChanged));
  const tooMany = number > AT_ONCE;
  return html`<div class="bulk" role="region" aria-label="Chosen tasks">
    ${state.refusal && html`<p class="bulk-refusal" role="alert">${state.refusal}</p>`}
    ${tooMany && html`<p class="bulk-refusal">At most ${AT_ONCE} tasks can be changed at once.</p>`}
    <div class="row">
      <span class="bulk-number" role="status">${number.toLocaleString()} chosen</span>
      <fieldset class="row" disabled=${state.busy || tooMany} aria-label="Change them">
        <${Menu}
          label="Set the status"
          class="button"
          place="above left"
          button=${face("check", "Status")}
          items=${marked(STATUSES, StatusMark, "status", set("status"))}
        />
        <${Menu}
          label="Set the priority"
          class="button"
          place="above left"
          button=${face("chart", "Priority")}
          items=${marked(PRIORITIES, PriorityMark, "priority", set("priority"))}
        />
        <${Menu}
          label="Assign to somebody"
          class="button"
          place="above left"
          button=${face("user", "Assign")}
          items=${assignees(set("assignee"))}
        />
        <button
          type="button"
          class="button danger"
          aria-label="Delete"
          onClick=${() => run(() => removeAll([...ids], { onRemoved, onRestored }))}
        >
          ${face("trash", "Delete")}
        </button>
      </fieldset>
      <${IconButton} icon="close" label="Choose none" onClick=${onClear} />
    </div>
  </div>`;
}
