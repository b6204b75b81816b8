// The people of a project: who they are, what they may, who joins and who goes.
import { patch, post, remove } from "../api.js";
import { html, useRef, useState } from "../lib.js";
import { go } from "../router.js";
import { me } from "../session.js";
import { useMembers } from "../store/members.js";
import { loadMembers, loadProjects } from "../store/projects.js";
import { refusal, roleName } from "../store/rights.js";
import { Avatar, nameOf } from "../ui/avatar.js";
import { confirm } from "../ui/dialog.js";
import { Skeleton } from "../ui/empty.js";
import { useForm } from "../ui/form.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { toast, toastError } from "../ui/toast.js";

const ROLES = ["MEMBER", "MANAGER", "ADMIN"];

const ROLE_HINT =
  "Members work on tasks, managers also change boards and delete tasks, admins also change the " +
  "project and its people.";

/** The options of a select for roles, the present one chosen. */
function roleOptions(present) {
  return ROLES.map(
    (role) => html`<option key=${role} value=${role} selected=${role === present}>
      ${roleName(role)}
    </option>`,
  );
}

/** By which of its names a person was typed: an e-mail has an @ inside, a mention one in front. */
function naming(text) {
  const name = text.trim().replace(/^@/, "");
  return name.includes("@") ? { email: name } : { username: name };
}

function AddMember({ project }) {
  const frame = useRef(null);
  const form = useForm(async ({ person, role }) => {
    await post(`/projects/${project.id}/members/`, { ...naming(person), role });
    await loadMembers(project.id);
    frame.current.reset();
    frame.current.elements[0].focus();
  });
  const wrong = Object.values(form.errors).flat()[0] || form.problem;
  return html`<form ref=${frame} onSubmit=${form.submit}>
    <div class="add-member">
      <input
        class="input grow"
        name="person"
        aria-label="Username or e-mail"
        placeholder="Username or e-mail"
        autocomplete="off"
        autocapitalize="none"
        spellcheck=${false}
        maxlength="254"
        required
        aria-invalid=${Boolean(wrong)}
        aria-describedby=${wrong ? "add-member-error" : undefined}
      />
      <select class="input" name="role" aria-label="Role">${roleOptions("MEMBER")}</select>
      <button class="button" disabled=${form.busy}>Add</button>
    </div>
    ${wrong &&
    html`<p class="field-error" id="add-member-error" role="alert">${wrong}</p>`}
  </form>`;
}

function useRole(project, member) {
  const [asked, setAsked] = useState(null);
  const change = async (role) => {
    setAsked(role);
    try {
      await patch(`/projects/${project.id}/members/${member.user}/`, { role });
    } catch (error) {
      toastError(`${nameOf(member)} stays ${roleName(member.role)}.`, error);
      setAsked(null);
    }
  };
  return [asked && asked !== member.role ? asked : member.role, change];
}

function Role({ project, member, refused }) {
  const [role, change] = useRole(project, member);
  if (refused || member.is_owner) {
    return html`<span class="badge">${member.is_owner ? "Owner" : roleName(member.role)}</span>`;
  }
  return html`<select
    class="input role"
    aria-label="Role of ${nameOf(member)}"
    value=${role}
    onChange=${(event) => change(event.target.value)}
  >
    ${roleOptions(role)}
  </select>`;
}

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
  const act = () => remove(`/projects/${project.id}/members/${member.user}/`);
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

function actionsOn(project, member) {
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

function Member({ project, member, refused }) {
  return html`<li class="line">
    <${Avatar} person=${member} large=${true} />
    <div class="grow">
      <div class="cut">${nameOf(member)}${member.user === me.value.id && " (you)"}</div>
      <div class="soft tiny cut">@${member.username}</div>
    </div>
    <${Role} project=${project} member=${member} refused=${refused} />
    <${Menu}
      label="Actions for ${nameOf(member)}"
      class="button quiet icon-only"
      button=${html`<${Icon} name="dots" />`}
      items=${actionsOn(project, member)}
    />
  </li>`;
}

/** The section of the people of a project. */
export function Members({ project }) {
  const members = useMembers(project.id);
  const refused = refusal(project, "members");
  return html`<section class="section" aria-labelledby="members">
    <div class="section-head">
      <h2 id="members">
        People ${members.length > 0 && html`<span>${members.length}</span>`}
      </h2>
    </div>
    ${!refused && html`<${AddMember} project=${project} />`}
    ${members.length === 0
      ? html`<${Skeleton} height=${48} />`
      : html`<ul class="lines">
          ${members.map(
            (each) => html`<${Member}
              key=${each.user}
              project=${project}
              member=${each}
              refused=${refused}
            />`,
          )}
        </ul>`}
    <p class="soft tiny">${refused ? `${refused} ` : ""}${ROLE_HINT}</p>
  </section>`;
}
