import { useEffect, useRef, useState } from "../lib.js";

/**
 * Which of the listed tasks are chosen: `{ids, toggle, all, clear}`.
 *
 * `toggle(id, true)` chooses everything from the last one that was toggled up to that one.
 */
export function useSelection(tasks) {
  const [{ ids, last }, setState] = useState({ ids: new Set(), last: null });
  const listed = tasks.map((task) => task.id);
  const known = new Set(listed);
  const gone = [...ids].some((id) => !known.has(id));
  useEffect(() => {
    if (gone) setState((state) => ({ ...state, ids: new Set(listed.filter((id) => ids.has(id))) }));
  }, [gone]);

  const latest = useRef();
  latest.current = (id, range) => {
    const chosen = new Set(ids);
    const [from, to] = [listed.indexOf(last), listed.indexOf(id)].sort((one, other) => one - other);
    if (range && from >= 0) listed.slice(from, to + 1).forEach((each) => chosen.add(each));
    else if (!chosen.delete(id)) chosen.add(id);
    setState({ ids: chosen, last: id });
  };
  // The same function at all times, so that rows need not be drawn anew.
  const toggle = useRef((id, range = false) => latest.current(id, range)).current;
  return {
    ids,
    toggle,
    all: () => setState({ ids: new Set(listed), last: null }),
    clear: () => setState({ ids: new Set(), last: null }),
  };
}
