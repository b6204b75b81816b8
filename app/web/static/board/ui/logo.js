import { html } from "../lib.js";

const ADDRESS = new URL("../../favicon.svg", import.meta.url).href;

/** The mark of the service; its name stands beside it. */
export function Logo() {
  return html`<img src=${ADDRESS} alt="" />`;
}
