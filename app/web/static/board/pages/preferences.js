import { html, useEffect } from "../lib.js";
import { readAlong } from "../live.js";
import { get } from "../api.js";
import { TestMail } from "../preferences/mails.js";
import { Notifications } from "../preferences/notifications.js";
import { Profile } from "../preferences/profile.js";
import { QuietHours } from "../preferences/quiet_hours.js";
import { Security } from "../preferences/security.js";
import { me } from "../session.js";
import { Head } from "../shell/head.js";
import { theme, toggleTheme } from "../store/theme.js";
import { Switch } from "../ui/switch.js";

function Look() {
  return html`<section class="section" aria-labelledby="look">
    <div class="section-head"><h2 id="look">Appearance</h2></div>
    <div class="box">
      <${Switch}
        label="Dark theme"
        hint="In this browser."
        checked=${theme.value === "dark"}
        onChange=${toggleTheme}
      />
    </div>
  </section>`;
}

/** Keep the own account as it is in another window. */
function useOwnAccount() {
  useEffect(() => {
    // What cannot be read now is read with the next change.
    const read = () => get("/auth/users/me/").then((found) => (me.value = found), () => {});
    return readAlong(`user:${me.value.id}`, (name) => name === "user.updated" && read(), read);
  }, []);
}

/** What the person chooses: profile, notifications, appearance, sessions. */
export function PreferencesPage() {
  useOwnAccount();
  return html`<${Head} title="Preferences" />
    <div class="content">
      <div class="column stack sections">
        <${Profile} />
        <${Notifications} />
        <${QuietHours} />
        <${TestMail} />
        <${Look} />
        <${Security} />
      </div>
    </div>`;
}
