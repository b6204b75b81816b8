// The notifications on the page, by day.
import { html } from "../lib.js";
import { Icon } from "../ui/icon.js";
import { Ago, day, now, wall } from "../ui/time.js";
import { loadMore, mark, more, shown } from "./list.js";
import { changes, ICONS, sentence, target } from "./sentences.js";

const DAY_MS = 86_400_000;

/** The day as a heading: "Today", "Yesterday", "Thursday", "3 Nov". */
function heading(iso) {
  const ago = (Date.parse(wall(now.value).day) - Date.parse(wall(iso).day)) / DAY_MS;
  if (ago < 2) return ago < 1 ? "Today" : "Yesterday";
  if (ago > 6) return day(iso);
  // The day on the person's clock, whatever that of the browser says.
  return new Intl.DateTimeFormat(undefined, { weekday: "long", timeZone: "UTC" }).format(
    new Date(`${wall(iso).day}T12:00Z`),
  );
}

/** The notifications by day: `[day, notifications]`, newest first. */
function byDay(notifications) {
  const days = new Map();
  for (const each of notifications) {
    const { day: date } = wall(each.created_at);
    days.set(date, [...(days.get(date) || []), each]);
  }
  return [...days];
}

function Line({ notification }) {
  const { task, project, created_at: at, read_at: read } = notification;
  const path = target(notification);
  const detail = changes(notification);
  return html`<li class="notice ${read ? "" : "unread"}">
    <a
      class="notice-link"
      href=${path ? `#${path}` : "#inbox"}
      data-id=${notification.id}
      onClick=${() => mark(notification, true)}
    >
      <${Icon} name=${ICONS[notification.kind]} />
      <span class="grow">
        <span class="notice-text">
          ${!read && html`<span class="hidden-visually">Unread: </span>`}
          ${sentence(notification)}${(task || project) && ": "}
          ${(task || project) && html`<strong>${task ? task.title : project.name}</strong>`}
        </span>
        ${detail && html`<span class="notice-detail cut">${detail}</span>`}
        <span class="soft tiny">
          ${task && project && `${project.name} · `}<${Ago} at=${at} />
        </span>
      </span>
    </a>
    <button
      type="button"
      class="notice-mark"
      aria-label=${read ? "Mark unread" : "Mark read"}
      title=${read ? "Mark unread (e)" : "Mark read (e)"}
      onClick=${() => mark(notification, !read)}
    >
      <span class="notice-dot" />
    </button>
  </li>`;
}

/** All that is read of them, and the way to more. */
export function Days() {
  return html`
    ${byDay(shown.value).map(
      ([date, notifications]) => html`<section key=${date} class="section" aria-labelledby=${date}>
        <h2 id=${date} class="soft">${heading(notifications[0].created_at)}</h2>
        <ul class="lines">
          ${notifications.map((each) => html`<${Line} key=${each.id} notification=${each} />`)}
        </ul>
      </section>`,
    )}
    ${more.value &&
    html`<div>
      <button type="button" class="button" onClick=${loadMore}>Show older ones</button>
    </div>`}
  `;
}
