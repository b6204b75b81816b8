import { html, memo, useRef, useState } from "../lib.js";
import { toastError } from "../ui/toast.js";
import { counted } from "../ui/words.js";
import { Card } from "./card.js";
import { useDrag } from "./drag.js";
import { QuickAdd } from "./quick_add.js";

function Count({ lane: { count, wip_limit: limit }, shown }) {
  const state = limit === null || count < limit ? "" : count > limit ? "danger" : "warning";
  const cards = counted(count, "card");
  const words = limit === null ? cards : `${cards}, the limit is ${limit}`;
  return html`<span class="badge ${state}" title=${words}>
    <span aria-hidden="true">
      ${shown !== null && `${shown} of `}${count}${limit !== null && html` / ${limit}`}
    </span>
    <span class="hidden-visually">${words}</span>
  </span>`;
}

function More({ board, lane }) {
  const [busy, setBusy] = useState(false);
  const load = async () => {
    setBusy(true);
    await board.more(lane).catch((error) => toastError("The rest could not be read.", error));
    setBusy(false);
  };
  return html`<button type="button" class="button quiet lane-add" disabled=${busy} onClick=${load}>
    ${busy ? "Loading …" : "Load more"}
  </button>`;
}

/** A column of the board; `filtered` says that not all of its cards are among the tasks. */
export const Lane = memo(function Lane(props) {
  const { board, lane, filtered, first, open, held, canWrite, onDrop } = props;
  const list = useRef(null);
  useDrag(list, { enabled: canWrite, onDrop });
  const heading = `lane-${lane.id}`;
  return html`<section class="lane" aria-labelledby=${heading}>
    <header class="lane-head">
      <h2 class="cut" id=${heading}>${lane.name}</h2>
      <${Count} lane=${lane} shown=${filtered ? lane.tasks.length : null} />
    </header>
    <div class="lane-scroll">
      <div class="lane-cards" ref=${list} data-status=${lane.status}>
        ${lane.tasks.map(
          (task) => html`<${Card}
            key=${task.id}
            task=${task}
            first=${task.id === first}
            look=${task.id === held ? "carried" : task.id === open ? "open" : ""}
          />`,
        )}
      </div>
      ${lane.next && html`<${More} board=${board} lane=${lane} />`}
      ${canWrite && html`<${QuickAdd} board=${board} lane=${lane} />`}
    </div>
  </section>`;
});
