// Who the person is to others, and by which clock days begin.
import { patch } from "../api.js";
import { html } from "../lib.js";
import { me } from "../session.js";
import { Field, Fields } from "../ui/field.js";
import { changed, useForm } from "../ui/form.js";
import { toast } from "../ui/toast.js";

/** The zones that the browser knows, with the present one in any case. */
function zones(present) {
  const known = new Set([present, "UTC", ...Intl.supportedValuesOf("timeZone")]);
  return [...known].sort();
}

async function save(values) {
  const news = changed(me.value, values);
  if (Object.keys(news).length > 0) me.value = await patch("/auth/users/me/", news);
  toast("Saved.");
}

const NAMES = [
  { label: "First name", name: "first_name", autocomplete: "given-name", maxlength: 150 },
  { label: "Last name", name: "last_name", autocomplete: "family-name", maxlength: 150 },
];
const MAIL = [
  { label: "E-mail", name: "email", type: "email", autocomplete: "email", maxlength: 254 },
];

/** The fields with what is so now; an address that is there can be changed, not removed. */
function filled(fields, person) {
  return fields.map((each) => ({
    ...each,
    defaultValue: person[each.name] ?? "",
    required: each.name === "email" && person.email !== null,
  }));
}

function Zone({ present, errors }) {
  return html`<${Field}
    label="Time zone"
    as="select"
    name="timezone"
    hint="For due dates, quiet hours and the daily summary."
    errors=${errors}
  >
    ${zones(present).map(
      (zone) => html`<option key=${zone} value=${zone} selected=${zone === present}>
        ${zone.replaceAll("_", " ")}
      </option>`,
    )}
  <//>`;
}

/** The section of the profile. */
export function Profile() {
  const { submit, busy, errors, problem } = useForm(save);
  const person = me.value;
  return html`<section class="section" aria-labelledby="profile">
    <div class="section-head">
      <h2 id="profile">Profile</h2>
      <span class="soft">@${person.username}</span>
    </div>
    <form class="box stack" onSubmit=${submit}>
      <div class="pair"><${Fields} fields=${filled(NAMES, person)} errors=${errors} /></div>
      <${Fields} fields=${filled(MAIL, person)} errors=${errors} />
      <${Zone} present=${person.timezone} errors=${errors.timezone} />
      <p class="form-error" role="alert">${problem}</p>
      <div><button class="button primary" disabled=${busy}>Save</button></div>
    </form>
  </section>`;
}
