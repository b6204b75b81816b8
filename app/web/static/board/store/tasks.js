// The tasks that are shown anywhere: the newest version known of each, and changes on their way.
import { batch, computed, signal } from "../lib.js";
import { clearWithSession } from "../session.js";

const known = signal(new Map());
const guesses = signal(new Map());
const watchers = new Set();
// What was told of the comments of tasks that are not known yet: they may be on their way.
const early = new Map();

clearWithSession(() =>
  batch(() => {
    known.value = new Map();
    guesses.value = new Map();
  }),
);

/** The tasks by id, with what this page has changed and the service has not confirmed yet. */
export const tasks = computed(() => {
  const shown = new Map(known.value);
  for (const [id, made] of guesses.value) {
    if (shown.has(id)) shown.set(id, Object.assign({}, shown.get(id), ...made));
  }
  return shown;
});

/** Call `watcher(id, before, after)` for each task that is another one than before. */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Take over tasks as the API shows them, of each what is newer than what is known of it. */
export function keep(found) {
  const before = known.peek();
  const news = found
    .map((task) => merged(before.get(task.id) ?? early.get(task.id), task))
    .filter((task) => task !== before.get(task.id));
  if (news.length === 0) return;
  known.value = new Map([...before, ...news.map((task) => [task.id, task])]);
  news.forEach((task) => tell(task.id, before.get(task.id), task));
}

/** The newer of two states of a task with the newer of its numbers of comments. */
function merged(was, found) {
  if (!was) return found;
  const state = found.version > was.version ? found : was;
  const talk = talkOf(found) > talkOf(was) ? found : was;
  if (state === was && talk === was) return was;
  const { comments_count, comments_version } = talk;
  return { ...state, comments_count, comments_version };
}

/** Take over how many comments a task has, which is told with each of them. */
function hearTalk({ task_id: id, comments_count, comments_version }) {
  if (comments_version === undefined) return;
  const talk = { version: 0, comments_count, comments_version };
  if (known.peek().has(id)) keep([{ ...talk, id }]);
  else early.set(id, merged(early.get(id), talk));
}

/** A task is gone, or out of sight. */
export function forget(id) {
  const before = known.peek();
  const rest = new Map(before);
  if (!rest.delete(id)) return;
  known.value = rest;
  tell(id, before.get(id), null);
}

const talkOf = (task) => task.comments_version ?? -1;

function tell(...change) {
  watchers.forEach((watcher) => watcher(...change));
}

/** The task of a message of the socket, in the shape of the API. */
export function taskOf(message) {
  const { task_id, assigned_to, created_by, action, stream, seq, event_id, ...fields } = message;
  return { ...fields, id: task_id, assignee: assigned_to, reporter: created_by };
}

/** Take over what the socket tells of a task, and of how many comments it has. */
export function hearOf(name, message) {
  if (name === "task.deleted") forget(message.task_id);
  else if (name.startsWith("task.")) keep([taskOf(message)]);
  else if (name.startsWith("comment.")) hearTalk(message);
}

/**
 * Show `changes` of a task at once while `send()` asks the service for them.
 *
 * Returns the task that `send` resolves to; when it fails, everything is as before, and it throws.
 */
export async function change(id, changes, send) {
  const guess = { ...changes };
  setGuesses(id, (made) => [...made, guess]);
  try {
    const task = await send();
    keep([task]);
    return task;
  } finally {
    setGuesses(id, (made) => made.filter((each) => each !== guess));
  }
}

function setGuesses(id, next) {
  const all = new Map(guesses.peek());
  const made = next(all.get(id) || []);
  if (made.length) all.set(id, made);
  else all.delete(id);
  guesses.value = all;
}

/** The header that lets a change through only while the task is at this version. */
export const ifMatch = (task) => ({ headers: { "If-Match": `"v${task.version}"` } });
