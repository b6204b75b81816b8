// What the person may do in a project: the page offers nothing that the service would refuse.
// The service decides; this follows its table (docs/permissions.md).
import { me } from "../session.js";
import { projectById } from "./projects.js";

const RANKS = { MEMBER: 1, MANAGER: 2, ADMIN: 3 };

const ACTIONS = {
  boards: { role: "MANAGER", words: "change boards and columns" },
  edit: { role: "ADMIN", words: "change the project" },
  members: { role: "ADMIN", words: "add and remove people" },
  archive: { role: "ADMIN", words: "archive the project", archived: true },
  transfer: { owner: true, words: "give the project away", archived: true },
  delete: { owner: true, words: "delete the project", archived: true },
};

function whoMay({ role, owner }) {
  if (owner) return "the owner";
  return role === "MANAGER" ? "a MANAGER or ADMIN of the project" : "an ADMIN of the project";
}

function isGranted(project, { role, owner }) {
  if (me.value.role === "ADMIN") return true;
  return owner ? project.owner === me.value.id : RANKS[project.role] >= RANKS[role];
}

/**
 * Why the person cannot do `name` ("boards", "edit", "members", "archive", "transfer", "delete") in
 * a project of the list of projects, as a sentence; null where nothing stands against it.
 */
export function refusal(project, name) {
  const action = ACTIONS[name];
  if (!isGranted(project, action)) return `Only ${whoMay(action)} may ${action.words}.`;
  return project.is_archived && !action.archived ? "The project is archived." : null;
}

/** Whether the person has the rights of a manager in a project, by id. */
export function manages(project) {
  return me.value.role === "ADMIN" || RANKS[projectById.value.get(project)?.role] >= RANKS.MANAGER;
}

/** A role in words that a button can hold. */
export const roleName = (role) => role[0] + role.slice(1).toLowerCase();
