// The people of a project: who they are, what they may, who joins and who goes.
import { patch, post } from "../api.js";
import { html, useRef, useState } from "../lib.js";
import { me } from "../session.js";
import { readMembers, useMembers } from "../store/members.js";
import { refusal, roleName } from "../store/rights.js";
import { Avatar, nameOf } from "../ui/avatar.js";
import { Skeleton } from "../ui/empty.js";
import { useForm } from "../ui/form.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { toastError } from "../ui/toast.js";
import { actionsOn } from "./member_actions.js";

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
    await readMembers(project.id);
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
