// Who looks at the board that one looks at, and who writes a comment there.
import { hear, look } from "../live.js";
import { computed, signal, useEffect } from "../lib.js";
import { me } from "../session.js";

const NOBODY = { board: null, people: [] };
const present = signal(NOBODY);
let looked = null;

hear("presence", (message) => {
  if (message.board === undefined || message.board === looked) present.value = message;
});

/** The others who look at the same board: `{id, username, typing}`. */
export const others = computed(() =>
  present.value.people.filter((each) => each.id !== me.value?.id),
);

/** Tell that one looks at a board for as long as the component is there. */
export function useLook(board) {
  useEffect(() => {
    looked = board;
    look(board);
    return () => {
      looked = null;
      look(null);
      present.value = NOBODY;
    };
  }, [board]);
}
