import { useCommands } from "../commands.js";
import { html, useRef } from "../lib.js";
import { go } from "../router.js";
import { Head } from "../shell/head.js";
import { unread } from "../store/inbox.js";
import {
  failure,
  filterUnread,
  load,
  loadMore,
  mark,
  markAll,
  more,
  onlyUnread,
  shown,
  useInbox,
} from "../inbox/list.js";
import { changes, ICONS, sentence, target } from "../inbox/sentences.js";
import { Empty, Skeleton } from "../ui/empty.js";
import { Icon } from "../ui/icon.js";
import { Problem } from "../ui/problem.js";
import { Ago, day, now, wall } from "../ui/time.js";

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

function open(notification) {
  mark(notification, true);
  const path = target(notification);
  if (path) go(path);
}

function Line({ notification }) {
  const { task, project, created_at: at, read_at: read } = notification;
  const path = target(notification);
  const detail = changes(notification);
  const click = (event) => {
    event.preventDefault();
    open(notification);
  };
  return html`<li class="notice ${read ? "" : "unread"}">
    <a
      class="notice-link"
      href=${path ? `#${path}` : "#inbox"}
      data-id=${notification.id}
      onClick=${click}
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

function List() {
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

function Nothing() {
  if (onlyUnread.value) {
    const text = "There is nothing that you have not seen.";
    return html`<${Empty} icon="check" title="All read" text=${text}>
      <button type="button" class="button" onClick=${() => filterUnread(false)}>Show all</button>
    <//>`;
  }
  const text =
    "You are told here when somebody assigns you a task, mentions you, comments, or changes what " +
    "is yours.";
  return html`<${Empty} icon="inbox" title="Nothing yet" text=${text}>
    <a class="button" href="#preferences">Choose what you are told</a>
  <//>`;
}

function Body() {
  if (failure.value && !shown.value) {
    return html`<${Problem}
      title="The inbox could not be read"
      error=${failure.value}
      onRetry=${load}
    />`;
  }
  if (!shown.value) return html`<${Skeleton} lines=${5} height=${64} />`;
  return shown.value.length === 0 ? html`<${Nothing} />` : html`<${List} />`;
}

/** j and k go through the list; e marks what has the focus. */
function useKeys(frame) {
  const links = () => [...frame.current.querySelectorAll(".notice-link")];
  const step = (by) => () => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    const next = at === -1 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1);
    all[next]?.focus();
  };
  const toggle = () => {
    const id = Number(document.activeElement?.dataset.id);
    const found = shown.value?.find((each) => each.id === id);
    if (found) mark(found, !found.read_at);
  };
  const offered = [
    { id: "inbox-next", title: "Next notification", keys: "j", run: step(1) },
    { id: "inbox-previous", title: "Previous notification", keys: "k", run: step(-1) },
    { id: "inbox-mark", title: "Mark read or unread", keys: "e", run: toggle },
    { id: "inbox-all", title: "Mark all read", keys: "E", run: markAll },
  ];
  useCommands(offered.map((each) => ({ ...each, section: "Inbox" })));
}

/** What the person was told: newest first, by day. */
export function InboxPage() {
  const frame = useRef(null);
  useInbox();
  useKeys(frame);
  const only = onlyUnread.value;
  return html`<${Head} title="Inbox">
      ${unread.value > 0 && html`<span class="badge accent only-wide">${unread.value} unread</span>`}
      <span class="row spread">
        <button
          type="button"
          class="button ${only ? "pressed" : ""}"
          aria-pressed=${only}
          onClick=${() => filterUnread(!only)}
        >
          Unread
        </button>
        <button
          type="button"
          class="button"
          disabled=${unread.value === 0 || !shown.value?.length}
          onClick=${markAll}
        >
          <${Icon} name="check" />Mark all read
        </button>
      </span>
    <//>
    <div class="content" ref=${frame}>
      <div class="column stack"><${Body} /></div>
    </div>`;
}
