// The password, and the sessions on other devices.
import { html, useRef } from "../lib.js";
import { changePassword, me, signOutEverywhere } from "../session.js";
import { confirm } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { useForm } from "../ui/form.js";
import { Password } from "../ui/password.js";
import { toast } from "../ui/toast.js";

async function endAll() {
  const title = "Sign out everywhere?";
  const text = "Every session of yours ends: in this browser, on other devices, and of programs.";
  if (await confirm({ title, text, action: "Sign out everywhere" })) await signOutEverywhere();
}

function ChangePassword() {
  const frame = useRef(null);
  const form = useForm(async ({ current_password: current, new_password: wanted }) => {
    await changePassword(current, wanted);
    frame.current.reset();
    toast("The password is changed. All other sessions have ended.");
  });
  return html`<form class="box stack" ref=${frame} onSubmit=${form.submit}>
    <!-- For password managers, which keep a password by the name that goes with it. -->
    <input
      class="hidden-visually"
      type="text"
      autocomplete="username"
      value=${me.value.username}
      readonly
      tabindex="-1"
      aria-hidden="true"
    />
    <div class="pair">
      <${Field}
        label="Current password"
        as=${Password}
        name="current_password"
        autocomplete="current-password"
        maxlength="200"
        required
        errors=${form.errors.current_password}
      />
      <${Field}
        label="New password"
        as=${Password}
        name="new_password"
        autocomplete="new-password"
        minlength="8"
        maxlength="200"
        required
        hint="At least 8 characters; a few words are easy to keep in mind."
        errors=${form.errors.new_password}
      />
    </div>
    <p class="form-error" role="alert">${form.problem}</p>
    <div><button class="button" disabled=${form.busy}>Change password</button></div>
  </form>`;
}

/** The section of the password and the sessions. */
export function Security() {
  return html`<section class="section" aria-labelledby="security">
    <div class="section-head"><h2 id="security">Password and sessions</h2></div>
    <${ChangePassword} />
    <div class="box action">
      <p class="grow soft">Lost a device? End all sessions, this one as well.</p>
      <button type="button" class="button danger" onClick=${endAll}>Sign out everywhere</button>
    </div>
  </section>`;
}
