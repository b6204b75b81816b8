// The members of projects, read once for all that shows them.
import { getAll } from "../api.js";
import { signal, useEffect } from "../lib.js";
import { readAlong } from "../live.js";
import { clearWithSession } from "../session.js";
import { remember } from "./projects.js";

const members = signal(new Map());
const users = new Map();

clearWithSession(() => (members.value = new Map()));

/** Read the members of a project anew. */
export async function readMembers(project) {
  try {
    const found = await getAll(`/projects/${project}/members/`);
    remember(found.map((each) => ({ ...each, id: each.user })));
    members.value = new Map([...members.peek(), [project, found]]);
  } catch {
    // Names are missing then; whatever shows them says "somebody".
  }
}

function start(project) {
  const again = () => readMembers(project);
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
