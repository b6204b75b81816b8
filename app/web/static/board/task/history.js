import { get, queryOf } from "../api.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { learn, people } from "../store/projects.js";
import { Avatar, nameOf } from "../ui/avatar.js";
import { Skeleton } from "../ui/empty.js";
import { Ago } from "../ui/time.js";
import { toastError } from "../ui/toast.js";
import { sentence } from "./words.js";

const PAUSE_MS = 400;
const SERVICE = { username: "The service" };

/** Who is named in entries, whether they did something or had something done to them. */
function namesIn(entries) {
  return entries.flatMap(({ actor, changes }) => [actor, ...(changes.assignee || [])]);
}

function Entry({ entry }) {
  const person = entry.actor === null ? SERVICE : people.value.get(entry.actor);
  return html`<li class="entry">
    <${Avatar} person=${person || { username: `#${entry.actor}` }} />
    <p>
      <strong>${nameOf(person)}</strong> ${sentence(entry)}
      <span class="soft"> · <${Ago} at=${entry.at} /></span>
    </p>
  </li>`;
}

/** What happened to a task, newest first; read again when its version rises. */
export function History({ task }) {
  const [entries, setEntries] = useState(null);
  const [next, setNext] = useState(null);
  const first = useRef(true);
  const load = async (query, keepOld) => {
    try {
      const page = await get(`/tasks/${task.id}/history/`, query);
      new Set(namesIn(page.results)).forEach(learn);
      setEntries((old) => [...(keepOld ? old : []), ...page.results]);
      setNext(page.next);
    } catch (error) {
      toastError("The history could not be read.", error);
    }
  };
  useEffect(() => {
    const pause = setTimeout(load, first.current ? 0 : PAUSE_MS, {}, false);
    first.current = false;
    return () => clearTimeout(pause);
  }, [task.version]);
  if (!entries) return html`<${Skeleton} lines=${3} height=${24} />`;
  return html`
    <ol class="entries">
      ${entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}
    </ol>
    ${
      next &&
      html`<button type="button" class="button quiet" onClick=${() => load(queryOf(next), true)}>
      Load earlier changes
    </button>`
    }
  `;
}
