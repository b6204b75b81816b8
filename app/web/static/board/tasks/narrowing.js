// The panel in which the list is narrowed; every change applies at once.
import { html, useEffect, useState } from "../lib.js";
import { me } from "../session.js";
import { boards, projects } from "../store/projects.js";
import { choices, findPeople, loadPeople } from "../store/people.js";
import { nameOf } from "../ui/avatar.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { PriorityMark, StatusMark } from "../ui/marks.js";
import { Popover } from "../ui/popover.js";
import { toastError } from "../ui/toast.js";
import { PRIORITIES, STATUSES } from "../ui/words.js";
import { chipNames } from "./chips.js";
import { values } from "./query.js";

const PAUSE_MS = 300;

function Checks({ title, names, Mark, prop, name, own, onChange }) {
  const chosen = values(own[name]);
  const toggle = (value) => () => {
    const others = chosen.filter((each) => each !== value);
    const all = others.length < chosen.length ? others : [...chosen, value];
    onChange(name, all.join());
  };
  return html`<fieldset class="narrowing-checks">
    <legend class="label">${title}</legend>
    ${Object.entries(names).map(
      ([value, label]) => html`<label key=${value} class="narrowing-check">
        <input type="checkbox" checked=${chosen.includes(value)} onChange=${toggle(value)} />
        <${Mark} ...${{ [prop]: value }} /><span>${label}</span>
      </label>`,
    )}
  </fieldset>`;
}

function Choice({ label, name, own, onChange, children, ...rest }) {
  return html`<${Field}
    as="select"
    label=${label}
    value=${own[name] || ""}
    onChange=${(event) => onChange(name, event.target.value)}
    ...${rest}
  >
    <option value="">Any</option>
    ${children}
  <//>`;
}

/** The people to choose from; where there are too many for a list, those whose name was typed. */
function usePeople() {
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState(null);
  useEffect(() => {
    loadPeople().catch((error) => toastError("The people could not be read.", error));
  }, []);
  useEffect(() => {
    if (!typed.trim()) return setFound(null);
    const abort = new AbortController();
    const search = () =>
      findPeople(typed.trim(), abort).then(
        ({ all }) => setFound(all),
        (error) => error.name !== "AbortError" && toastError("Nobody could be found.", error),
      );
    const timer = setTimeout(search, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [typed]);
  return { all: found || choices.value.all, many: !choices.value.known, typed, setTyped };
}

function People({ own, onChange }) {
  const { all, many, typed, setTyped } = usePeople();
  const others = all.filter((person) => person.id !== me.value.id);
  const options = others.map(
    (person) => html`<option key=${person.id} value=${person.id}>${nameOf(person)}</option>`,
  );
  const shown = { own, onChange };
  return html`
    ${many &&
    html`<${Field}
      label="Find a person"
      type="search"
      value=${typed}
      onInput=${(event) => setTyped(event.target.value)}
    />`}
    <${Choice} label="Assignee" name="assignee" ...${shown}>
      <option value="me">Me</option>
      <option value="null">Nobody</option>
      ${options}
    <//>
    <${Choice} label="Reporter" name="reporter" ...${shown}>
      <option value="me">Me</option>
      ${options}
    <//>
  `;
}

function Places({ own, onChange }) {
  const ofProject = (board) => !own.project || board.project === Number(own.project);
  const names = new Map((projects.value || []).map((project) => [project.id, project.name]));
  const option = (id, name) => html`<option key=${id} value=${id}>${name}</option>`;
  const full = (board) => (own.project ? board.name : `${names.get(board.project)}: ${board.name}`);
  return html`
    <${Choice} label="Project" name="project" own=${own} onChange=${onChange}>
      <option value="null">None</option>
      ${(projects.value || []).map((project) => option(project.id, project.name))}
    <//>
    <${Choice} label="Board" name="board" own=${own} onChange=${onChange}>
      ${boards.value.filter(ofProject).map((board) => option(board.id, full(board)))}
    <//>
  `;
}

function Dates({ own, onChange }) {
  const input = (label, name) => html`<${Field}
    label=${label}
    type="date"
    value=${own[name] || ""}
    onChange=${(event) => onChange(name, event.target.value)}
  />`;
  return html`${input("Due from", "due_date_gte")}${input("Due until", "due_date_lte")}`;
}

/** The button "Filter" with its panel; `onChange(name, text)` sets a parameter, "" takes it off. */
export function Narrowing({ own, onChange }) {
  const number = chipNames(own).length;
  const button = html`<${Icon} name="filter" />Filter
    ${number > 0 && html`<span class="badge" aria-label="${number} set">${number}</span>`}`;
  const shown = { own, onChange };
  return html`<${Popover} label="Filters" button=${button}>
    ${() => html`<div class="narrowing">
      <${Checks} title="Status" name="status" names=${STATUSES} Mark=${StatusMark} prop="status" ...${shown} />
      <${Checks}
        title="Priority"
        name="priority"
        names=${PRIORITIES}
        Mark=${PriorityMark}
        prop="priority"
        ...${shown}
      />
      <div class="narrowing-fields">
        <${People} ...${shown} />
        <${Places} ...${shown} />
        <${Dates} ...${shown} />
      </div>
    </div>`}
  <//>`;
}
