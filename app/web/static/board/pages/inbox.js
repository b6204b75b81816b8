import { useCommands } from "../commands.js";
import { Days } from "../inbox/days.js";
import {
  failure,
  filterUnread,
  load,
  mark,
  markAll,
  onlyUnread,
  shown,
  useInbox,
} from "../inbox/list.js";
import { html, useRef } from "../lib.js";
import { Head } from "../shell/head.js";
import { unread } from "../store/inbox.js";
import { Empty, Skeleton } from "../ui/empty.js";
import { Icon } from "../ui/icon.js";
import { Problem } from "../ui/problem.js";

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
  return shown.value.length === 0 ? html`<${Nothing} />` : html`<${Days} />`;
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
