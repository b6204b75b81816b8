// Who the person is to others, and by which clock days begin.
import { patch } from "../api.js";
import { html } from "../lib.js";
import { me } from "../session.js";
import { Field } from "../ui/field.js";
import { useForm } from "../ui/form.js";
import { toast } from "../ui/toast.js";

/** The zones that the browser knows, with the present one in any case. */
function zones(present) {
  const known = new Set([present, "UTC", ...Intl.supportedValuesOf("timeZone")]);
  return [...known].sort();
}

/** What the form holds that is not so already; what is left out stays as it is. */
function changed(values) {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => value !== (me.value[name] ?? "")),
  );
}

async function save(values) {
  const news = changed(values);
  if (Object.keys(news).length > 0) me.value = await patch("/auth/users/me/", news);
  toast("Saved.");
}

/** The section of the profile. */
export function Profile() {
  const form = useForm(save);
  const person = me.value;
  return html`<section class="section" aria-labelledby="profile">
    <div class="section-head">
      <h2 id="profile">Profile</h2>
      <span class="soft">@${person.username}</span>
    </div>
    <form class="box stack" onSubmit=${form.submit}>
      <div class="pair">
        <${Field}
          label="First name"
          name="first_name"
          defaultValue=${person.first_name}
          autocomplete="given-name"
          maxlength="150"
          errors=${form.errors.first_name}
        />
        <${Field}
          label="Last name"
          name="last_name"
          defaultValue=${person.last_name}
          autocomplete="family-name"
          maxlength="150"
          errors=${form.errors.last_name}
        />
      </div>
      <${Field}
        label="E-mail"
        name="email"
        type="email"
        defaultValue=${person.email ?? ""}
        autocomplete="email"
        maxlength="254"
        required=${person.email !== null}
        errors=${form.errors.email}
      />
      <${Field}
        label="Time zone"
        as="select"
        name="timezone"
        hint="For due dates, quiet hours and the daily summary."
        errors=${form.errors.timezone}
      >
        ${zones(person.timezone).map(
          (zone) => html`<option key=${zone} value=${zone} selected=${zone === person.timezone}>
            ${zone.replaceAll("_", " ")}
          </option>`,
        )}
      <//>
      <p class="form-error" role="alert">${form.problem}</p>
      <div><button class="button primary" disabled=${form.busy}>Save</button></div>
    </form>
  </section>`;
}
