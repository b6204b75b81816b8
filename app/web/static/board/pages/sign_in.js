// Signing in and registering; the address stays, so that one lands where one was going.
import { html, useEffect, useRef, useState } from "../lib.js";
import { ended, isKnown, register, signIn } from "../session.js";
import { Fields } from "../ui/field.js";
import { useForm } from "../ui/form.js";
import { Logo } from "../ui/logo.js";
import { Password } from "../ui/password.js";

const root = document.documentElement.dataset.root;

const NAME = {
  name: "username",
  autocomplete: "username",
  autocapitalize: "none",
  spellcheck: false,
  required: true,
};
const PASSWORD = { label: "Password", as: Password, name: "password", required: true };

const SIGN_IN = {
  title: "Sign in",
  action: "Sign in",
  send: signIn,
  fields: [
    { ...NAME, label: "Username or e-mail" },
    { ...PASSWORD, autocomplete: "current-password" },
  ],
  other: "New here?",
  change: "Create an account",
};

const REGISTER = {
  title: "Create your account",
  action: "Create account",
  send: register,
  fields: [
    { ...NAME, label: "Username", maxlength: 150, hint: "Others find and mention you by it." },
    {
      label: "E-mail",
      name: "email",
      type: "email",
      autocomplete: "email",
      maxlength: 254,
      required: true,
    },
    {
      ...PASSWORD,
      autocomplete: "new-password",
      minlength: 8,
      maxlength: 200,
      hint: "At least 8 characters; a few words are easy to keep in mind.",
    },
  ],
  other: "You have an account?",
  change: "Sign in instead",
};

function Form({ mode }) {
  const form = useForm(mode.send);
  const frame = useRef(null);
  useEffect(() => {
    const first = frame.current.querySelector("[aria-invalid=true]") || frame.current.elements[0];
    if (!form.busy) first.focus();
  }, [form.errors]);
  return html`<form class="stack" ref=${frame} onSubmit=${form.submit}>
    <${Fields} fields=${mode.fields} errors=${form.errors} />
    <p class="form-error" role="alert">${form.problem}</p>
    <button class="button primary wide" disabled=${form.busy}>${mode.action}</button>
  </form>`;
}

export function SignInPage() {
  const [mode, setMode] = useState(isKnown() || ended.value ? SIGN_IN : REGISTER);
  useEffect(() => {
    document.title = `${mode.title} · Tasks`;
  }, [mode]);
  return html`<div class="door">
    <header class="door-brand">
      <${Logo} />
      <p class="door-name">Tasks</p>
      <p class="soft">Plan, assign and finish work together, on boards that everybody sees live.</p>
    </header>
    <main class="door-card">
      <h1>${mode.title}</h1>
      ${ended.value && html`<p class="door-note" role="status">${ended.value}</p>`}
      <${Form} key=${mode.title} mode=${mode} />
      <p class="soft">
        ${mode.other}${" "}
        <button
          type="button"
          class="as-link"
          onClick=${() => setMode(mode === SIGN_IN ? REGISTER : SIGN_IN)}
        >
          ${mode.change}
        </button>
      </p>
    </main>
    <footer class="door-foot">
      <a href="${root}/api/docs/">API documentation</a>
      <a href="${root}/api/redoc/">Reference</a>
      <a href="${root}/api/health/">Health</a>
    </footer>
  </div>`;
}
