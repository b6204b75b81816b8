// One task, as a sheet over the page that it was opened from.
import { focusCard } from "../board/carry.js";
import { useCommands } from "../commands.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { behind, go, route } from "../router.js";
import { useMembers } from "../store/members.js";
import { useLook } from "../store/presence.js";
import { projectById } from "../store/projects.js";
import { Comments } from "../task/comments.js";
import { Conflict } from "../task/conflict.js";
import { Description } from "../task/description.js";
import { DueField } from "../task/due.js";
import {
  AssigneeField,
  BoardField,
  Person,
  PriorityField,
  Row,
  StatusField,
} from "../task/fields.js";
import { History } from "../task/history.js";
import { useTask } from "../task/live.js";
import { deleteTask, mayDelete } from "../task/saving.js";
import { useTalk } from "../task/talk.js";
import { HoursField, TitleField } from "../task/typed.js";
import { IconButton } from "../ui/button.js";
import { Empty, Skeleton } from "../ui/empty.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { Problem } from "../ui/problem.js";
import { Ago } from "../ui/time.js";
import { toast } from "../ui/toast.js";

const COVERED = () => document.querySelectorAll(".shell > .side, .shell > .main");

/** Back to the page behind. */
function close() {
  const { page, id, query } = behind.value || { page: "tasks" };
  const path = { board: `boards/${id}`, project: `projects/${id}`, home: "" }[page] ?? page;
  go(query ? `${path}?${query}` : path);
}

async function copyLink(id) {
  const address = `${location.origin}${location.pathname}#tasks/${id}`;
  try {
    await navigator.clipboard.writeText(address);
    toast("The link is copied.");
  } catch {
    toast(address, { seconds: 20 });
  }
}

/**
 * The focus comes into the panel, and goes back to the card when it is closed; where the panel
 * covers everything, nothing behind it can have it meanwhile.
 */
function useFocus(frame, id) {
  useEffect(() => {
    const before = document.activeElement;
    const hidden = matchMedia("(width < 768px)").matches ? [...COVERED()] : [];
    hidden.forEach((each) => (each.inert = true));
    frame.current.focus();
    return () => {
      hidden.forEach((each) => (each.inert = false));
      requestAnimationFrame(() => {
        if (route.value.page === "task") return;
        if (document.querySelector(`.card[data-id="${id}"]`)) focusCard(id);
        else if (before?.isConnected) before.focus();
      });
    };
  }, []);
}

function Properties({ task, members, canWrite }) {
  return html`<dl class="properties">
    <${Row} label="Status"><${StatusField} task=${task} canWrite=${canWrite} /><//>
    <${Row} label="Priority"><${PriorityField} task=${task} canWrite=${canWrite} /><//>
    <${Row} label="Assignee">
      <${AssigneeField} task=${task} members=${members} canWrite=${canWrite} />
    <//>
    <${Row} label="Due">
      <${DueField} task=${task} canWrite=${canWrite} />
      ${task.sla_breached && html`<span class="badge danger">SLA missed</span>`}
    <//>
    <${Row} label="Hours"><${HoursField} task=${task} canWrite=${canWrite} /><//>
    <${Row} label="Board"><${BoardField} task=${task} canWrite=${canWrite} /><//>
    <${Row} label="Reporter">
      <span class="property-value"><${Person} id=${task.reporter} /></span>
    <//>
  </dl>`;
}

function Dates({ task }) {
  return html`<p class="tiny soft panel-dates">
    Created <${Ago} at=${task.created_at} /> · updated <${Ago} at=${task.updated_at} />
    ${task.completed_at && html` · done <${Ago} at=${task.completed_at} />`}
  </p>`;
}

const TABS = ["Comments", "History"];

function Tabs({ shown, count, onShow }) {
  const onKeyDown = ({ key, currentTarget }) => {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    onShow(TABS[1 - TABS.indexOf(shown)]);
    requestAnimationFrame(() => currentTarget.querySelector("[aria-selected=true]").focus());
  };
  return html`<div class="tabs" role="tablist" aria-label="Activity" onKeyDown=${onKeyDown}>
    ${TABS.map(
      (name) => html`<button
        key=${name}
        type="button"
        class="tab"
        role="tab"
        id="tab-${name}"
        aria-selected=${name === shown}
        aria-controls="tab-panel"
        tabindex=${name === shown ? 0 : -1}
        onClick=${() => onShow(name)}
      >
        ${name}${name === "Comments" && count > 0 && html` <span class="badge">${count}</span>`}
      </button>`,
    )}
  </div>`;
}

function Activity({ task, stream, members, canWrite }) {
  const [shown, setShown] = useState(TABS[0]);
  const talk = useTalk(task.id, stream);
  return html`<section class="panel-part" aria-label="Activity">
    <${Tabs} shown=${shown} count=${talk.count.value} onShow=${setShown} />
    <div id="tab-panel" role="tabpanel" aria-labelledby="tab-${shown}">
      ${
        shown === "History"
          ? html`<${History} task=${task} />`
          : html`<${Comments} task=${task} talk=${talk} members=${members} canWrite=${canWrite} />`
      }
    </div>
  </section>`;
}

function Body({ task, stream }) {
  const members = useMembers(task.project);
  const archived = Boolean(projectById.value.get(task.project)?.is_archived);
  const canWrite = !archived;
  return html`<div class="panel-body">
    ${archived && html`<p class="board-locked"><${Icon} name="lock" />The project is archived.</p>`}
    <${TitleField} task=${task} canWrite=${canWrite} />
    <${Properties} task=${task} members=${members} canWrite=${canWrite} />
    <${Dates} task=${task} />
    <${Description} task=${task} canWrite=${canWrite} />
    <${Activity} task=${task} stream=${stream} members=${members} canWrite=${canWrite} />
    <${Conflict} />
  </div>`;
}

/** Others see that one is there although the board is not the page behind. */
function LookAt({ board }) {
  useLook(board);
  return null;
}

function Top({ id, task }) {
  const del = () => deleteTask(task, close);
  const dots = html`<${Icon} name="dots" />`;
  const refused = task && !mayDelete(task) && "Only the reporter or a manager of the project may.";
  const items = [
    { label: "Copy the link", icon: html`<${Icon} name="link" />`, run: () => copyLink(id) },
    task && {
      label: "Delete",
      icon: html`<${Icon} name="trash" />`,
      danger: true,
      refused,
      run: del,
    },
  ];
  return html`<header class="panel-head">
    <span class="soft">#${id}</span>
    <span class="grow"></span>
    <${IconButton} icon="link" label="Copy the link" onClick=${() => copyLink(id)} />
    <${Menu} label="More" class="button quiet icon-only" button=${dots} items=${items} />
    <${IconButton} icon="close" label="Close the task" onClick=${close} />
  </header>`;
}

function Content({ id, task, stream, problem, gone, load }) {
  if (task) return html`<${Body} task=${task} stream=${stream} />`;
  if (gone) {
    return html`<${Empty}
      icon="trash"
      title="This task is gone"
      text="It was deleted, or taken to where you cannot see it."
    />`;
  }
  if (problem?.status === 404) {
    return html`<${Empty}
      icon="lock"
      title="There is no such task for you"
      text="Task ${id} was deleted, or you are not a member of its project."
    />`;
  }
  if (problem) {
    return html`<${Problem} title="The task could not be read" error=${problem} onRetry=${load} />`;
  }
  return html`<div class="panel-body"><${Skeleton} lines=${6} height=${28} /></div>`;
}

/** The panel of a task; Escape closes it. */
export function TaskPanel({ id }) {
  const frame = useRef(null);
  const state = useTask(id);
  const { task } = state;
  useFocus(frame, id);
  useCommands([
    { id: "close", title: "Close the task", section: "Task", keys: "Escape", run: close },
    {
      id: "copy",
      title: "Copy the link of the task",
      section: "Task",
      keys: "y",
      run: () => copyLink(id),
    },
  ]);
  const elsewhere = task?.board && behind.value && behind.value.page !== "board";
  return html`<aside
    ref=${frame}
    class="task-panel"
    tabindex="-1"
    aria-label=${task ? `Task ${task.title}` : `Task ${id}`}
  >
    <${Top} id=${id} task=${task} />
    <${Content} id=${id} ...${state} />
    ${elsewhere && html`<${LookAt} board=${task.board} />`}
  </aside>`;
}
