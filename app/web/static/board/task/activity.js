// What is told of a task, and what has become of it: comments and history.
import { html, useState } from "../lib.js";
import { Comments } from "./comments.js";
import { History } from "./history.js";
import { useTalk } from "./talk.js";

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

/** The part of the panel beneath the description. */
export function Activity({ task, stream, members, canWrite }) {
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
