import { html } from "../lib.js";

const PARTS = /(https?:\/\/[^\s<>"]+|(?<![\w.])@[A-Za-z0-9][\w.+-]*)/g;
const TRAILING = /[.,;:!?)\]}']+$/;

function Link({ address }) {
  const href = address.replace(TRAILING, "");
  return html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow">${href}</a
    >${address.slice(href.length)}`;
}

/** Text as somebody wrote it: line breaks stay, addresses lead there, names stand out. */
export function Prose({ text }) {
  return html`<div class="prose">
    ${text.split(PARTS).map((part, at) => {
      if (at % 2 === 0) return part;
      return part[0] === "@"
        ? html`<span key=${at} class="mention">${part}</span>`
        : html`<${Link} key=${at} address=${part} />`;
    })}
  </div>`;
}
