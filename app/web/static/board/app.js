import { html, useEffect } from "./lib.js";
import { connections, follow, line } from "./live.js";
import { BoardPage } from "./pages/board.js";
import { InboxPage } from "./pages/inbox.js";
import { PreferencesPage } from "./pages/preferences.js";
import { ProjectPage } from "./pages/project.js";
import { ProjectsPage } from "./pages/projects.js";
import { ReportPage } from "./pages/report.js";
import { SignInPage } from "./pages/sign_in.js";
import { TaskPanel } from "./pages/task_panel.js";
import { TasksPage } from "./pages/tasks.js";
import { Help } from "./palette/help.js";
import { Palette } from "./palette/palette.js";
import { behind, route } from "./router.js";
import { me } from "./session.js";
import { Guard } from "./shell/failures.js";
import { Head } from "./shell/head.js";
import { Side } from "./shell/side.js";
import { useGlobalCommands } from "./shell/commands.js";
import { followProjects } from "./store/live_projects.js";
import { applyRead, loadUnread } from "./store/inbox.js";
import { Questions } from "./ui/dialog.js";
import { Empty } from "./ui/empty.js";
import { Toasts, toastError } from "./ui/toast.js";

const PAGES = {
  home: ProjectsPage,
  board: BoardPage,
  project: ProjectPage,
  projects: ProjectsPage,
  tasks: TasksPage,
  inbox: InboxPage,
  reports: ReportPage,
  preferences: PreferencesPage,
  unknown: UnknownPage,
};

function UnknownPage() {
  return html`<${Head} title="Nothing here" />
    <div class="content">
      <${Empty} icon="search" title="There is no such page" text="The address may be mistyped or old.">
        <a class="button" href="#">Go to your projects</a>
      <//>
    </div>`;
}

/** Its frame is always there: what appears in it is read out. */
function Banner() {
  return html`<div role="status">
    ${line.value === "offline" &&
    html`<p class="banner">
      You are offline. What you see may be old, and changes may fail, until the connection is back.
    </p>`}
  </div>`;
}

/** Keep the lists that every page needs true while somebody is signed in. */
function useEverydayData(person) {
  const failed = (error) => toastError("Your projects could not be read.", error);
  useEffect(() => followProjects(person.id, failed), [person.id]);
}

/** Keep the number of unread notifications true; of new ones nobody tells while there is no line. */
function useUnread(person) {
  const count = () =>
    loadUnread().catch((error) => toastError("Your inbox could not be read.", error));
  useEffect(() => {
    const onMessage = (name, message) => name === "notification.read" && applyRead(message);
    return follow(`user:${person.id}`, { onMessage, onResync: count }).stop;
  }, [person.id]);
  useEffect(() => {
    count();
  }, [person.id, connections.value]);
}

function SignedIn({ person }) {
  useEverydayData(person);
  useUnread(person);
  useGlobalCommands();
  const task = route.value.page === "task" ? route.value.id : null;
  // The panel of a task that was opened by a link says what belongs behind it.
  const shown = task === null ? route.value : behind.value;
  const Page = shown && PAGES[shown.page];
  return html`<div class="shell">
    <a class="button skip" href="#main" onClick=${skip}>Skip to the content</a>
    <${Side} />
    <main class="main" id="main" tabindex="-1">
      <${Banner} />
      ${shown &&
      html`<${Guard} key=${`${shown.page}${shown.id}`}>
        <${Page} id=${shown.id} query=${shown.query} />
      <//>`}
    </main>
    ${task !== null && html`<${TaskPanel} key=${task} id=${task} />`}
    <${Palette} />
    <${Help} />
  </div>`;
}

/** The link would change the address, which names the page. */
function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

export function App() {
  if (me.value === undefined) return null;
  return html`
    ${me.value ? html`<${SignedIn} person=${me.value} />` : html`<${SignInPage} />`}
    <${Questions} />
    <${Toasts} />
  `;
}
