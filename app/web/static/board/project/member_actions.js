// What can be done to somebody in a project besides changing the role.
import { post, remove } from "../api.js";
import { go } from "../router.js";
import { me } from "../session.js";
import { readMembers } from "../store/members.js";
import { loadProjects } from "../store/projects.js";
import { refusal } from "../store/rights.js";
import { nameOf } from "../ui/avatar.js";
import { confirm } from "../ui/dialog.js";
import { toast, toastError } from "../ui/toast.js";

/** Do it if it is confirmed, and say so. */
async function asked(question, act, done) {
  if (!(await confirm(question))) return;
  try {
    await act();
    toast(done);
  } catch (error) {
    toastError("Nothing has changed.", error);
  }
}

function expel(project, member) {
  const name = nameOf(member);
  const title = `Remove ${name} from “${project.name}”?`;
  const text = `The tasks of ${name} in this project will be assigned to nobody.`;
  const act = async () => {
    await remove(`/projects/${project.id}/members/${member.user}/`);
    await readMembers(project.id);
  };
  return asked({ title, text, action: "Remove" }, act, `${name} is no longer in the project.`);
}

function handOver(project, member) {
  const name = nameOf(member);
  const title = `Make ${name} the owner?`;
  const text = "Only the owner can delete the project or give it away. You stay an admin of it.";
  const act = async () => {
    await post(`/projects/${project.id}/transfer/`, { user: member.user });
    await loadProjects();
  };
  return asked({ title, text, action: "Make owner" }, act, `${name} owns the project now.`);
}

function leave(project) {
  const title = `Leave “${project.name}”?`;
  const text = "Your tasks in it will be assigned to nobody. Only others can add you again.";
  const act = async () => {
    await post(`/projects/${project.id}/leave/`);
    go("projects");
    await loadProjects();
  };
  return asked({ title, text, action: "Leave project" }, act, `You have left “${project.name}”.`);
}

const OWNER_STAYS = "The owner stays: give the project to somebody else first.";

function actionsOnOneself(project, member) {
  const archived = project.is_archived ? "The project is archived." : null;
  const refused = member.is_owner ? OWNER_STAYS : archived;
  return [{ label: "Leave project", run: () => leave(project), danger: true, refused }];
}

/** The items of a menu; what is refused says why. */
export function actionsOn(project, member) {
  if (member.user === me.value.id) return actionsOnOneself(project, member);
  const refused = refusal(project, "members") || (member.is_owner ? OWNER_STAYS : null);
  return [
    !member.is_owner && {
      label: "Make owner",
      run: () => handOver(project, member),
      refused: refusal(project, "transfer"),
    },
    {
      label: "Remove from project",
      run: () => expel(project, member),
      danger: true,
      refused,
    },
  ];
}
