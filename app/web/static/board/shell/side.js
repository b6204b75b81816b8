import { html, signal, useEffect, useRef } from "../lib.js";
import { paletteOpen } from "../palette/palette.js";
import { behind, go, route } from "../router.js";
import { me, signOut } from "../session.js";
import { boards, projects } from "../store/projects.js";
import { unread } from "../store/inbox.js";
import { theme, toggleTheme } from "../store/theme.js";
import { Avatar, nameOf } from "../ui/avatar.js";
import { IconButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { Keys } from "../ui/keys.js";
import { Logo } from "../ui/logo.js";
import { Menu } from "../ui/menu.js";

const root = document.documentElement.dataset.root;

/** Whether the side bar is drawn over the page, on narrow screens. */
const open = signal(false);

/** The button that shows the side bar on narrow screens; the first in the header of every page. */
export function SideButton() {
  return html`<${IconButton}
    class="only-narrow"
    icon="menu"
    label="Show the menu"
    onClick=${() => (open.value = true)}
  />`;
}

function Link({ to, icon, nested = false, children }) {
  const [page, id] = to.split("/");
  // While a task is open, the page behind it is the one that one is on.
  const shown = (route.value.page === "task" && behind.value) || route.value;
  const here = shown.page === page.replace(/s$/, "") || shown.page === page;
  const current = here && (id === undefined || Number(id) === shown.id);
  return html`<a
    class="side-link ${nested ? "nested" : ""}"
    href="#${to}"
    aria-current=${current ? "page" : undefined}
  >
    ${icon && html`<${Icon} name=${icon} />`}
    ${children}
  </a>`;
}

function Project({ project }) {
  const theirs = boards.value.filter((board) => board.project === project.id);
  return html`<li>
    <${Link} to="projects/${project.id}" icon="folder"><span class="cut">${project.name}</span><//>
    ${theirs.map(
      (board) => html`<${Link} key=${board.id} to="boards/${board.id}" nested=${true}>
        <span class="cut">${board.name}</span>
      <//>`,
    )}
  </li>`;
}

function Foot() {
  const dark = theme.value === "dark";
  const items = [
    { label: "Preferences", run: () => go("preferences") },
    { label: dark ? "Light theme" : "Dark theme", run: toggleTheme },
    { label: "API documentation", run: () => openTab(`${root}/api/docs/`) },
    { label: "Sign out", run: signOut },
  ];
  const person = html`<${Avatar} person=${me.value} /><span class="cut">${nameOf(me.value)}</span>`;
  return html`<div class="side-foot">
    <${Menu} label="Your account" class="side-link" place="above left" button=${person} items=${items} />
  </div>`;
}

/** Close the side bar where it is drawn over the page, with the focus back on its button. */
function shut() {
  open.value = false;
  document.querySelector(".head .only-narrow")?.focus();
}

/** The focus goes into the side bar when it is drawn over the page, and to the page that is chosen. */
function useDrawer(frame) {
  useEffect(() => {
    if (open.value) frame.current.querySelector("a").focus();
  }, [open.value]);
  useEffect(() => {
    if (!open.value) return;
    open.value = false;
    document.getElementById("main").focus();
  }, [route.value]);
  return (event) => open.value && event.key === "Escape" && shut();
}

const openTab = (address) => window.open(address, "_blank", "noopener");

/** The way to everything else. */
export function Side() {
  const frame = useRef(null);
  const onKeyDown = useDrawer(frame);
  const active = (projects.value || []).filter((project) => !project.is_archived);
  return html`
    <nav
      ref=${frame}
      class="side ${open.value ? "open" : ""}"
      aria-label="Main"
      onKeyDown=${onKeyDown}
    >
      <a class="side-brand" href="#">
        <${Logo} />
        <span>Tasks</span>
      </a>
      <div class="side-list">
        <button type="button" class="side-link" onClick=${() => (paletteOpen.value = true)}>
          <${Icon} name="search" /><span class="grow">Search</span><${Keys} keys="mod+k" />
        </button>
        <${Link} to="tasks" icon="list">Tasks<//>
        <${Link} to="inbox" icon="inbox">
          <span class="grow">Inbox</span>
          ${unread.value > 0 &&
          html`<span class="badge accent" aria-label="${unread.value} unread">${unread.value}</span>`}
        <//>
        <${Link} to="reports" icon="chart">Reports<//>
      </div>
      <div>
        <div class="side-heading">
          <span>Projects</span>
          <a href="#projects" aria-label="All projects">All</a>
        </div>
        <ul class="side-list">
          ${active.map((each) => html`<${Project} key=${each.id} project=${each} />`)}
        </ul>
      </div>
      <${Foot} />
    </nav>
    <button type="button" class="scrim" aria-label="Close the menu" onClick=${shut} />
  `;
}
