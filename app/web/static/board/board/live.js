import { html, useEffect, useMemo } from "../lib.js";
import { follow } from "../live.js";
import { me } from "../session.js";
import { boardById } from "../store/projects.js";
import { others, useLook } from "../store/presence.js";
import { people } from "../store/projects.js";
import { Avatar } from "../ui/avatar.js";
import { Board } from "./state.js";

const PATIENCE_MS = 1000;
const SEEN_FIRST = 5;

/** The board of that id, live for as long as the component is there. */
export function useBoard(id) {
  const board = useMemo(() => new Board(id), [id]);
  const project = boardById.value.get(id)?.project ?? board.view.value?.project;
  useEffect(() => () => board.close(), [board]);
  useEffect(() => {
    const load = () => board.load();
    if (!project) {
      load();
      return undefined;
    }
    // What is read once the place in the stream is known misses nothing. Without a line: anyway.
    const late = setTimeout(load, PATIENCE_MS);
    const own = follow(`project:${project}`, {
      onMessage: (name, message) => board.hear(name, message),
      onResync: load,
    });
    own.ready.then(() => (clearTimeout(late), load()));
    return () => {
      clearTimeout(late);
      own.stop();
    };
  }, [board, project]);
  useRights(board);
  useLook(id);
  return board;
}

/** The own stream tells of the own role, and of being taken out of the project. */
function useRights(board) {
  useEffect(() => {
    const own = follow(`user:${me.value.id}`, {
      onMessage: (name) => /^(member|project|user)\./.test(name) && board.load(),
      onResync: () => {},
    });
    return own.stop;
  }, [board]);
}

/** The others who look at the board now. */
export function Present() {
  const seen = others.value.slice(0, SEEN_FIRST);
  const names = others.value.map((each) => each.username).join(", ");
  const label = names ? `Also here: ${names}` : undefined;
  const known = (each) => people.value.get(each.id) || each;
  return html`<div class="present" role="group" aria-label=${label}>
    ${seen.map((each) => html`<${Avatar} key=${each.id} person=${known(each)} />`)}
    ${
      others.value.length > SEEN_FIRST &&
      html`<span class="tiny soft">+${others.value.length - SEEN_FIRST}</span>`
    }
  </div>`;
}
