import { get } from "../api.js";
import { html, useEffect, useState } from "../lib.js";
import { me } from "../session.js";
import { boards, learn, people, projectById } from "../store/projects.js";
import { choices, loadPeople } from "../store/people.js";
import { Avatar, nameOf } from "../ui/avatar.js";
import { PriorityMark, StatusMark } from "../ui/marks.js";
import { Menu } from "../ui/menu.js";
import { PRIORITIES, STATUSES } from "../ui/words.js";
import { save } from "./saving.js";
import { boardName } from "./words.js";

/** A line of the list of properties. */
export function Row({ label, children }) {
  return html`<div class="property">
    <dt>${label}</dt>
    <dd>${children}</dd>
  </div>`;
}

function Choice({ label, shown, items, canWrite, onOpen }) {
  if (!canWrite) return html`<span class="property-value">${shown}</span>`;
  return html`<${Menu}
    label=${label}
    class="property-value"
    place="left"
    button=${shown}
    items=${items}
    onOpen=${onOpen}
  />`;
}

/** The state; only those that it may go into can be chosen, the others say why not. */
export function StatusField({ task, canWrite }) {
  const [refusals, setRefusals] = useState(new Map());
  const ask = async () => {
    const { transitions } = await get(`/tasks/${task.id}/transitions/`).catch(() => ({
      transitions: [],
    }));
    const refused = transitions.filter((each) => !each.allowed && !each.can_override);
    setRefusals(new Map(refused.map((each) => [each.status, each.reason])));
  };
  const items = Object.entries(STATUSES).map(([status, label]) => ({
    label,
    icon: html`<${StatusMark} status=${status} />`,
    checked: status === task.status,
    refused: refusals.get(status),
    run: () => status !== task.status && save(task, { status }),
  }));
  const shown = html`<${StatusMark} status=${task.status} />${STATUSES[task.status]}`;
  return html`<${Choice}
    label="Status: ${STATUSES[task.status]}"
    shown=${shown}
    items=${items}
    canWrite=${canWrite}
    onOpen=${ask}
  />`;
}

/** The priority. */
export function PriorityField({ task, canWrite }) {
  const items = Object.entries(PRIORITIES).map(([priority, label]) => ({
    label,
    icon: html`<${PriorityMark} priority=${priority} />`,
    checked: priority === task.priority,
    run: () => priority !== task.priority && save(task, { priority }),
  }));
  const name = PRIORITIES[task.priority];
  const shown = html`<${PriorityMark} priority=${task.priority} />${name}`;
  return html`<${Choice}
    label="Priority: ${name}"
    shown=${shown}
    items=${items}
    canWrite=${canWrite}
  />`;
}

/** A person by id, with the name. */
export function Person({ id }) {
  useEffect(() => {
    learn(id);
  }, [id]);
  const person = id && (people.value.get(id) || { username: `#${id}` });
  return html`<${Avatar} person=${person || null} /><span class="cut">${nameOf(person)}</span>`;
}

/** Who has the task: the members of its project, or whoever can be found outside of any. */
export function AssigneeField({ task, members, canWrite }) {
  const found = task.project
    ? members.map((each) => ({ ...each, id: each.user }))
    : choices.value.all;
  const others = found.filter((each) => each.id !== me.value.id);
  const itemOf = (person, label) => ({
    label,
    icon: html`<${Avatar} person=${person} />`,
    checked: (person?.id ?? null) === task.assignee,
    run: () => save(task, { assignee: person?.id ?? null }),
  });
  const items = [
    itemOf(null, "Nobody"),
    (found.length > others.length || !task.project) && itemOf(me.value, "Me"),
    ...others.map((each) => itemOf(each, nameOf(each))),
  ];
  return html`<${Choice}
    label="Assignee: ${nameOf(people.value.get(task.assignee))}"
    shown=${html`<${Person} id=${task.assignee} />`}
    items=${items}
    canWrite=${canWrite}
    onOpen=${() => task.project || loadPeople().catch(() => {})}
  />`;
}

/** The board, and with it the project. */
export function BoardField({ task, canWrite }) {
  const open = boards.value.filter((each) => !projectById.value.get(each.project)?.is_archived);
  const items = open.map((board) => ({
    label: boardName(board.id),
    checked: board.id === task.board,
    run: () => save(task, { board: board.id }),
  }));
  const none = {
    label: "No board",
    checked: task.board === null,
    run: () => save(task, { board: null }),
  };
  const name = task.board === null ? "No board" : boardName(task.board);
  return html`<${Choice}
    label="Board: ${name}"
    shown=${html`<span class="cut">${name}</span>`}
    items=${[...items, none]}
    canWrite=${canWrite}
  />`;
}
