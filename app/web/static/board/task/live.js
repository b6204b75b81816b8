import { get } from "../api.js";
import { useEffect, useRef, useState } from "../lib.js";
import { readAlong } from "../live.js";
import { behind } from "../router.js";
import { me } from "../session.js";
import { forget, hearOf, keep, tasks, watch } from "../store/tasks.js";
import { deleting } from "./saving.js";

const streamOf = (task) => (task.project ? `project:${task.project}` : `user:${me.value.id}`);

/** What is drawn behind a task that was opened by a link. */
function putBehind(task) {
  if (behind.value) return;
  const page = task?.board ? "board" : "tasks";
  behind.value = { page, id: task?.board ?? null, query: "" };
}

/** Follow the stream that a task is in, and read along. */
export function useStream(stream, onMessage, read) {
  useEffect(() => (stream ? readAlong(stream, onMessage, read) : undefined), [stream]);
}

/**
 * A task, live: `{task, stream, problem, gone, load}`.
 *
 * `problem` is why it cannot be shown; `gone` that it was there and is not any more.
 */
export function useTask(id) {
  const task = tasks.value.get(id);
  const [problem, setProblem] = useState(null);
  const stream = useRef(null);
  if (task) stream.current = streamOf(task);
  const load = async () => {
    try {
      const found = await get(`/tasks/${id}/`);
      keep([found]);
      putBehind(found);
      setProblem(null);
    } catch (error) {
      putBehind(null);
      setProblem(error);
      if (error.status === 404) forget(id);
    }
  };
  useEffect(() => {
    if (!stream.current) load();
    // Out of sight in one stream, a task may still be seen in another.
    return watch((changed, before, after) => {
      if (changed === id && before && !after && !deleting.has(id)) load();
    });
  }, []);
  useStream(stream.current, hearOf, load);
  return { task, stream: stream.current, problem, gone: Boolean(stream.current) && !task, load };
}
