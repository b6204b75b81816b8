import { html, useEffect } from "../lib.js";
import { SideButton } from "./side.js";

/** The header of a page: its title, and what belongs to it as `children`. */
export function Head({ title, children }) {
  useEffect(() => {
    document.title = `${title} · Tasks`;
  }, [title]);
  return html`<header class="head">
    <${SideButton} />
    <h1 class="cut">${title}</h1>
    ${children}
  </header>`;
}
