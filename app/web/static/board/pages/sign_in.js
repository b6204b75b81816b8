import { html } from "../lib.js";
import { signIn } from "../session.js";
import { Field } from "../ui/field.js";
import { useForm } from "../ui/form.js";

export function SignInPage() {
  const form = useForm(signIn);
  return html`<main class="plain">
    <h1>Sign in</h1>
    <form class="stack" onSubmit=${form.submit}>
      <${Field} label="Username or e-mail" name="username" autocomplete="username" required />
      <${Field} label="Password" name="password" type="password" autocomplete="current-password" required />
      ${form.problem && html`<p class="form-error" role="alert">${form.problem}</p>`}
      <button class="button primary" disabled=${form.busy}>Sign in</button>
    </form>
  </main>`;
}
