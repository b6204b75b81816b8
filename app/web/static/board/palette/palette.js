import { html, signal, useEffect, useId, useRef, useState } from "../lib.js";
import { useModal } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Keys } from "../ui/keys.js";
import { StatusMark } from "../ui/marks.js";
import { counted } from "../ui/words.js";
import { sectionsFor, useTasks } from "./finding.js";

/** Whether the command palette is shown. */
export const paletteOpen = signal(false);

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

function Entry({ entry, id, chosen, onChoose, onPoint }) {
  return html`<div
    id=${id}
    class="palette-entry"
    role="option"
    aria-selected=${chosen}
    onClick=${onChoose}
    onPointerMove=${onPoint}
  >
    ${entry.status
      ? html`<${StatusMark} status=${entry.status} />`
      : html`<${Icon} name=${entry.icon} />`}
    <span class="palette-title cut">${entry.title}</span>
    ${entry.detail && html`<span class="palette-detail cut">${entry.detail}</span>`}
    ${entry.keys && html`<${Keys} keys=${entry.keys} />`}
  </div>`;
}

/** Which entry Enter takes: the first, until another is chosen with the arrows or pointed at. */
function useChoice(entries, typed) {
  const [chosenId, choose] = useState(null);
  useEffect(() => choose(null), [typed]);
  const at = Math.max(0, entries.findIndex((entry) => entry.id === chosenId));
  const step = (by) => choose(entries.at((at + by) % entries.length)?.id);
  return { chosen: entries[at], choose, step };
}

function Status({ state, number, typed }) {
  if (state.problem) return `Tasks cannot be searched: ${state.problem}`;
  if (state.busy && typed) return "Searching…";
  return counted(number, "result");
}

function Found({ sections, chosen, listId, idOf, take, choose }) {
  return html`<div class="palette-list" id=${listId} role="listbox" aria-label="Results">
    ${sections.map(
      ({ title, entries }, at) => html`<div
        key=${title}
        role="group"
        aria-labelledby="${listId}-${at}"
      >
        <div class="palette-section" id="${listId}-${at}" role="presentation">${title}</div>
        ${entries.map(
          (entry) => html`<${Entry}
            key=${entry.id}
            id=${idOf(entry)}
            entry=${entry}
            chosen=${entry === chosen}
            onChoose=${() => take(entry)}
            onPoint=${() => choose(entry.id)}
          />`,
        )}
      </div>`,
    )}
  </div>`;
}

function Search({ onClose }) {
  const [text, setText] = useState("");
  const typed = text.trim();
  const state = useTasks(typed);
  const sections = sectionsFor(typed, state.tasks);
  const entries = sections.flatMap((section) => section.entries);
  const { chosen, choose, step } = useChoice(entries, typed);
  const listId = useId();
  const idOf = (entry) => `${listId}-${entry.id}`;
  const input = useRef(null);
  useEffect(() => input.current.focus(), []);
  useEffect(() => {
    if (chosen) document.getElementById(idOf(chosen))?.scrollIntoView({ block: "nearest" });
  }, [chosen?.id]);

  const take = (entry) => {
    onClose();
    // When the palette is gone and the focus back where it was: it may go elsewhere then.
    setTimeout(entry.run);
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if (event.key in STEPS) step(STEPS[event.key]);
    else if (event.key === "Enter" && chosen) take(chosen);
    else return;
    event.preventDefault();
  };
  return html`
    <div class="palette-head">
      <${Icon} name="search" />
      <input
        ref=${input}
        class="palette-input"
        role="combobox"
        aria-label="Search tasks, projects, boards and commands"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls=${listId}
        aria-activedescendant=${chosen && idOf(chosen)}
        placeholder="Search, or type a command or a new task…"
        autocomplete="off"
        spellcheck=${false}
        maxlength="200"
        value=${text}
        onInput=${(event) => setText(event.target.value)}
        onKeyDown=${onKeyDown}
      />
      <button type="button" class="button quiet palette-close" onClick=${onClose}>
        <kbd>Esc</kbd><${Icon} name="close" /><span class="hidden-visually">Close</span>
      </button>
    </div>
    <${Found} ...${{ sections, chosen, listId, idOf, take, choose }} />
    <div class="palette-foot">
      <span role="status"><${Status} state=${state} number=${entries.length} typed=${typed} /></span>
      <span class="palette-hints" aria-hidden="true">
        <kbd>↑</kbd><kbd>↓</kbd> choose <kbd>↵</kbd> open
      </span>
    </div>
  `;
}

function Modal({ onClose }) {
  const modal = useModal(onClose);
  return html`<dialog class="dialog palette" aria-label="Search and commands" ...${modal}>
    <${Search} onClose=${onClose} />
  </dialog>`;
}

/** The command palette; once on the page. */
export function Palette() {
  if (!paletteOpen.value) return null;
  return html`<${Modal} onClose=${() => (paletteOpen.value = false)} />`;
}
