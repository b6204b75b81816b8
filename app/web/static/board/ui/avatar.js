import { html } from "../lib.js";

/** The one or two letters that stand for a person. */
function initials({ first_name: first, last_name: last, username }) {
  return first && last ? first[0] + last[0] : (first || username || "?").slice(0, 2);
}

/** The name of a person as it is shown: in full where it is known. */
export function nameOf(person) {
  if (!person) return "Nobody";
  return [person.first_name, person.last_name].filter(Boolean).join(" ") || person.username;
}

/** A person as a small disc; null for nobody. The name is its label. */
export function Avatar({ person, large = false }) {
  const look = `avatar ${large ? "large" : ""} ${person ? "" : "nobody"}`;
  const name = nameOf(person);
  return html`<span class=${look} role="img" aria-label=${name} title=${name}>
    ${person ? initials(person) : ""}
  </span>`;
}
