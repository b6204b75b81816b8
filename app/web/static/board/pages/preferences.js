import { html } from "../lib.js";
import { Head } from "../shell/head.js";
import { Empty } from "../ui/empty.js";

export function PreferencesPage() {
  return html`<${Head} title="Preferences" />
    <div class="content"><${Empty} icon="settings" title="Preferences" /></div>`;
}
