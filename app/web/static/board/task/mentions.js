// Choosing whom to mention while writing: a list beneath the field after an @.
import { html, useState } from "../lib.js";
import { Avatar, nameOf } from "../ui/avatar.js";

const MOST = 6;
const BEGUN = /(^|[\s(])@([\w.+-]*)$/;

function matching(members, text) {
  const sought = text.toLowerCase();
  return members
    .filter((each) => `${each.username} ${nameOf(each)}`.toLowerCase().includes(sought))
    .slice(0, MOST);
}

/**
 * Mentions for a text field: `{onInput, onKeyDown, list, attributes}`.
 *
 * `onKeyDown` returns whether the key chose something; `set(text, caret)` puts text into the field.
 */
export function useMentions(id, members, set) {
  const [found, setFound] = useState([]);
  const [at, setAt] = useState(0);

  const onInput = ({ target }) => {
    const begun = target.value.slice(0, target.selectionStart).match(BEGUN);
    setFound(begun ? matching(members, begun[2]) : []);
    setAt(0);
  };
  const choose = (field, person) => {
    const start = field.value
      .slice(0, field.selectionStart)
      .replace(BEGUN, `$1@${person.username} `);
    set(start + field.value.slice(field.selectionStart), start.length);
    setFound([]);
  };
  const onKeyDown = (event) => {
    if (found.length === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((at + step + found.length) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(event.target, found[at]);
    else if (event.key === "Escape") setFound([]);
    else return false;
    return true;
  };
  const optionId = (index) => `${id}-person-${index}`;
  const list =
    found.length > 0 &&
    html`<ul class="mentions" role="listbox" id="${id}-people" aria-label="People to mention">
      ${found.map(
        (person, index) => html`<li
          key=${person.username}
          id=${optionId(index)}
          class="menu-item"
          role="option"
          aria-selected=${index === at}
          onPointerDown=${(event) => {
            event.preventDefault();
            choose(document.getElementById(id), person);
          }}
        >
          <${Avatar} person=${person} />
          <span class="grow cut">${nameOf(person)}</span>
          <span class="tiny soft">@${person.username}</span>
        </li>`,
      )}
    </ul>`;
  const attributes = {
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
    "aria-controls": found.length ? `${id}-people` : undefined,
    "aria-activedescendant": found.length ? optionId(at) : undefined,
  };
  return { onInput, onKeyDown, list, attributes, close: () => setFound([]) };
}
