import { useCommands } from "../commands.js";
import { helpOpen } from "../palette/help.js";
import { paletteOpen } from "../palette/palette.js";
import { go } from "../router.js";
import { signOut } from "../session.js";
import { toggleTheme } from "../store/theme.js";

const to = (path) => () => go(path);

const GLOBAL = [
  { id: "palette", title: "Search and commands", section: "Anywhere", keys: "mod+k", run: () => (paletteOpen.value = true) },
  { id: "help", title: "Show the shortcuts", section: "Anywhere", keys: "?", run: () => (helpOpen.value = true) },
  { id: "tasks", title: "Go to your tasks", section: "Go to", keys: "g t", run: to("tasks") },
  { id: "inbox", title: "Go to the inbox", section: "Go to", keys: "g i", run: to("inbox") },
  { id: "projects", title: "Go to the projects", section: "Go to", keys: "g p", run: to("projects") },
  { id: "reports", title: "Go to the reports", section: "Go to", keys: "g r", run: to("reports") },
  { id: "preferences", title: "Go to the preferences", section: "Go to", keys: "g s", run: to("preferences") },
  { id: "theme", title: "Change between light and dark", section: "Anywhere", run: toggleTheme },
  { id: "sign-out", title: "Sign out", section: "Anywhere", run: signOut },
];

/** The commands that are there on every page. */
export function useGlobalCommands() {
  useCommands(GLOBAL);
}
