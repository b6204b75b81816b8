// What the palette finds without asking the service, best first.

const EXACT = 4;
const BEGINS = 3;
const WORD = 2;
const INSIDE = 1;

/** How well `text` answers to what was typed; 0 for not at all. */
function score(text, typed) {
  const [long, short] = [text.toLowerCase(), typed.toLowerCase()];
  if (long === short) return EXACT;
  if (long.startsWith(short)) return BEGINS;
  const words = short.split(/\s+/);
  const begun = long.split(/[^\p{L}\p{N}]+/u);
  if (words.every((word) => begun.some((each) => each.startsWith(word)))) return WORD;
  return long.includes(short) ? INSIDE : 0;
}

/** The entries that answer to `typed`, best first; each gets its `score`. */
export function ranked(entries, typed, limit) {
  return entries
    .map((entry) => ({ ...entry, score: score(entry.title, typed) }))
    .filter((entry) => entry.score > 0)
    .sort((one, other) => other.score - one.score || one.title.length - other.title.length)
    .slice(0, limit);
}

/** The sections `{title, entries}` that have entries, that with the best one first. */
export function ordered(sections) {
  const best = ({ entries }) => Math.max(...entries.map((entry) => entry.score));
  const full = sections.filter(({ entries }) => entries.length > 0);
  return full.sort((one, other) => best(other) - best(one));
}
