// One task, as a sheet over the page that it was opened from.
import { focusCard } from "../board/carry.js";
import { useCommands } from "../commands.js";
import { html, useEffect, useRef } from "../lib.js";
import { behind, go, route } from "../router.js";
import { Guard } from "../shell/failures.js";
import { useMembers } from "../store/members.js";
import { useLook } from "../store/presence.js";
import { projectById } from "../store/projects.js";
import { Activity } from "../task/activity.js";
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
import { copyLink, PanelHead } from "../task/head.js";
import { useTask } from "../task/live.js";
import { HoursField, TitleField } from "../task/typed.js";
import { Empty, Skeleton } from "../ui/empty.js";
import { Icon } from "../ui/icon.js";
import { Problem } from "../ui/problem.js";
import { Ago } from "../ui/time.js";

const COVERED = () => document.querySelectorAll(".shell > .side, .shell > .main");

/** Back to the page behind. */
function close() {
  const { page, id, query } = behind.value || { page: "tasks" };
  const path = { board: `boards/${id}`, project: `projects/${id}`, home: "" }[page] ?? page;
  go(query ? `${path}?${query}` : path);
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
    <${PanelHead} id=${id} task=${task} onClose=${close} />
    <${Guard}><${Content} id=${id} ...${state} /><//>
    ${elsewhere && html`<${LookAt} board=${task.board} />`}
  </aside>`;
}
