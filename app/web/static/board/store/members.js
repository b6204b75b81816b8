// The members of projects, read once for all that shows them.
import { signal, useEffect } from "../lib.js";
import { readAlong } from "../live.js";
import { loadMembers } from "./projects.js";

const members = signal(new Map());
const users = new Map();

async function read(project) {
  try {
    members.value = new Map([...members.peek(), [project, await loadMembers(project)]]);
  } catch {
    // Names are missing then; whatever shows them says "somebody".
  }
}

function start(project) {
  const again = () => read(project);
  const onMessage = (name) => name.startsWith("member.") && again();
  return readAlong(`project:${project}`, onMessage, again);
}

/** The members of a project, `{user, username, role, …}`, live; none until they are read. */
export function useMembers(project) {
  useEffect(() => {
    if (!project) return undefined;
    const held = users.get(project) || { count: 0, stop: start(project) };
    users.set(project, held);
    held.count += 1;
    return () => {
      held.count -= 1;
      if (held.count > 0) return;
      held.stop();
      users.delete(project);
    };
  }, [project]);
  return members.value.get(project) || [];
}
