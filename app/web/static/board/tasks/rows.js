// The rows of the list of tasks.
import { html, memo, useEffect, useRef } from "../lib.js";
import { learn, people, projectById } from "../store/projects.js";
import { Avatar } from "../ui/avatar.js";
import { Skeleton } from "../ui/empty.js";
import { PriorityMark, Status } from "../ui/marks.js";
import { Due } from "../ui/time.js";
import { PRIORITIES } from "../ui/words.js";

const shift = { held: false };

function Cells({ task, project, person, chosen, onToggle }) {
  return html`<tr class="task-row" aria-selected=${chosen} data-id=${task.id}>
    <td class="task-choose">
      <input
        type="checkbox"
        checked=${chosen}
        aria-label="Choose task ${task.id}"
        onClick=${(event) => (shift.held = event.shiftKey)}
        onChange=${() => onToggle(task.id, shift.held)}
      />
    </td>
    <td class="task-priority" title=${PRIORITIES[task.priority]}>
      <${PriorityMark} priority=${task.priority} />
      <span class="hidden-visually">${PRIORITIES[task.priority]}</span>
    </td>
    <td class="task-id">#${task.id}</td>
    <td class="task-title"><a class="cut" href="#tasks/${task.id}">${task.title}</a></td>
    <td class="task-status"><${Status} status=${task.status} /></td>
    <td class="task-project"><span class="cut">${project?.name}</span></td>
    <td class="task-due"><${Due} task=${task} /></td>
    <td class="task-assignee"><${Avatar} person=${person} /></td>
  </tr>`;
}

/** There may be thousands of rows: only those are drawn anew in which something is different. */
const Row = memo(Cells);

const SOMEBODY = { username: "…" };

/** What is known by now of the task's project and of the person whose it is. */
function around(task) {
  const person = task.assignee === null ? null : people.value.get(task.assignee) || SOMEBODY;
  return { project: projectById.value.get(task.project), person };
}

/** What calls `onNear` as soon as it is about to be seen. */
function Sentinel({ onNear }) {
  const element = useRef(null);
  const latest = useRef();
  latest.current = onNear;
  useEffect(() => {
    const watch = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && latest.current(),
      { rootMargin: "400px" },
    );
    watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  return html`<div ref=${element} />`;
}

/** The table of tasks with what follows it: more of them, while there are more. */
export function Rows({ list, selection }) {
  const { tasks, next, busy, error } = list;
  const unknown = tasks.map((task) => task.assignee).filter((id) => id && !people.value.has(id));
  const missing = [...new Set(unknown)].join();
  useEffect(() => {
    if (missing) missing.split(",").forEach((id) => learn(Number(id)));
  }, [missing]);
  const all = tasks.length > 0 && selection.ids.size === tasks.length;
  return html`
    <div class="tasks-frame">
      <table class="tasks">
        <thead>
          <tr>
            <th scope="col" class="task-choose">
              <input
                type="checkbox"
                checked=${all}
                aria-label="Choose all that are shown"
                onChange=${all ? selection.clear : selection.all}
              />
            </th>
            <th scope="col"><span class="hidden-visually">Priority</span></th>
            <th scope="col">Task</th>
            <th scope="col">Title</th>
            <th scope="col">Status</th>
            <th scope="col">Project</th>
            <th scope="col">Due</th>
            <th scope="col"><span class="hidden-visually">Assignee</span></th>
          </tr>
        </thead>
        <tbody>
          ${tasks.map(
            (task) => html`<${Row}
              key=${task.id}
              task=${task}
              ...${around(task)}
              chosen=${selection.ids.has(task.id)}
              onToggle=${selection.toggle}
            />`,
          )}
        </tbody>
      </table>
    </div>
    ${busy && html`<div class="tasks-more"><${Skeleton} lines=${3} height=${24} /></div>`}
    ${next && !busy && !error && html`<${Sentinel} key=${next} onNear=${list.more} />`}
    ${error &&
    html`<p class="tasks-more" role="alert">
      ${error.message}
      <button type="button" class="button" onClick=${list.more}>Try again</button>
    </p>`}
  `;
}
