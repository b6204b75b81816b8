import { html, memo } from "../lib.js";
import { people } from "../store/projects.js";
import { Avatar } from "../ui/avatar.js";
import { Icon } from "../ui/icon.js";
import { PriorityMark } from "../ui/marks.js";
import { Due } from "../ui/time.js";
import { counted, PRIORITIES } from "../ui/words.js";
import { current } from "./carry.js";

function Person({ id }) {
  return id && html`<${Avatar} person=${people.value.get(id) || { username: `#${id}` }} />`;
}

function Comments({ count }) {
  const words = counted(count, "comment");
  return html`<span class="card-comments tiny soft" title=${words}>
    <${Icon} name="comment" />
    <span aria-hidden="true">${count.toLocaleString()}</span>
    <span class="hidden-visually">${words}</span>
  </span>`;
}

/** A card; `first` is the one that the tab key leads to, `look` says what is done with it. */
export const Card = memo(function Card({ task, first, look }) {
  return html`<div class="card ${look}" data-id=${task.id}>
    <a
      class="card-link"
      href="#tasks/${task.id}"
      tabindex=${first ? 0 : -1}
      aria-describedby="card-help"
      draggable="false"
      onFocus=${() => (current.value = task.id)}
    >
      ${task.title}
    </a>
    <div class="card-foot">
      <span class="card-facts">
        <span class="card-priority" title="${PRIORITIES[task.priority]} priority">
          <${PriorityMark} priority=${task.priority} />
          <span class="hidden-visually">${PRIORITIES[task.priority]} priority</span>
        </span>
        <span class="tiny soft">#${task.id}</span>
        <${Due} task=${task} />
        ${task.comments_count > 0 && html`<${Comments} count=${task.comments_count} />`}
        ${
          task.sla_breached &&
          html`<span class="badge danger" title="Not done when it was due">SLA</span>`
        }
      </span>
      <${Person} id=${task.assignee} />
    </div>
  </div>`;
});
