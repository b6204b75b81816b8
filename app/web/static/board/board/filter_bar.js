import { html } from "../lib.js";
import { me } from "../session.js";
import { Avatar, nameOf } from "../ui/avatar.js";
import { Menu } from "../ui/menu.js";
import { SearchField } from "../ui/search_field.js";
import { PRIORITIES } from "../ui/words.js";
import { isActive, NONE, toggled } from "./filters.js";

const FACES = 5;
const DUE = { overdue: "Overdue", soon: "Due soon or overdue", none: "Without a date" };

function Choice({ label, any, options, value, onChange }) {
  return html`<select
    class="input choice ${value ? "active" : ""}"
    aria-label=${label}
    value=${value}
    onChange=${(event) => onChange(event.target.value)}
  >
    <option value="">${any}</option>
    ${Object.entries(options).map(
      ([each, name]) => html`<option key=${each} value=${each}>${name}</option>`,
    )}
  </select>`;
}

function Faces({ members, who, toggle }) {
  const others = members.filter((each) => each.user !== me.value.id);
  const rest = others.slice(FACES).map((each) => ({
    label: nameOf(each),
    checked: who.includes(String(each.user)),
    run: () => toggle(String(each.user)),
  }));
  return html`<div class="faces" role="group" aria-label="Assigned to">
    <button
      type="button"
      class="button quiet mine"
      aria-pressed=${who.includes("me")}
      onClick=${() => toggle("me")}
    >
      <${Avatar} person=${me.value} />Mine
    </button>
    ${others
      .slice(0, FACES)
      .map((each) => html`<${Face} key=${each.user} person=${each} who=${who} toggle=${toggle} />`)}
    ${
      rest.length > 0 &&
      html`<${Menu} label="More people" button="+${rest.length}" place="left" items=${rest} />`
    }
  </div>`;
}

function Face({ person, who, toggle }) {
  const id = String(person.user);
  return html`<button
    type="button"
    class="face"
    aria-pressed=${who.includes(id)}
    onClick=${() => toggle(id)}
  >
    <${Avatar} person=${person} />
  </button>`;
}

/** The bar with the filters of a board; `onChange` gets them as they should be. */
export function FilterBar({ filters, members, matching, onChange }) {
  const set = (changes) => onChange({ ...filters, ...changes });
  const toggle = (id) => onChange(toggled(filters, id));
  return html`<div class="board-bar" role="search" aria-label="Filter the board">
    <${SearchField}
      id="board-filter"
      aria-label="Filter the cards by text"
      placeholder="Filter"
      text=${filters.text}
      onSearch=${(text) => set({ text })}
    />
    <${Faces} members=${members} who=${filters.who} toggle=${toggle} />
    <${Choice}
      label="Priority"
      any="Any priority"
      options=${PRIORITIES}
      value=${filters.priority}
      onChange=${(priority) => set({ priority })}
    />
    <${Choice}
      label="Due date"
      any="Any date"
      options=${DUE}
      value=${filters.due}
      onChange=${(due) => set({ due })}
    />
    ${
      isActive(filters) &&
      html`<button type="button" class="button quiet" onClick=${() => onChange(NONE)}>Clear</button>
      <span class="tiny soft" role="status">${matching}</span>`
    }
  </div>`;
}
