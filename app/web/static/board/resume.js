// Where a client stands in the streams of the log: what is new, what it has, and what it missed.

/** What to do with a message: apply it, or ask for those before it. */
export const APPLY = "apply";
export const GAP = "gap";
const DROP = "drop";

/** The highest `seq` that is known of each stream. */
export class Places {
  #seqs = new Map();

  /** The last place known of a stream; undefined for one that was never read. */
  of(stream) {
    return this.#seqs.get(stream);
  }

  /** Go on from `seq`: everything before it is known, or was read anew. */
  set(stream, seq) {
    this.#seqs.set(stream, seq);
  }

  /** Forget a stream that is not followed any more. */
  forget(stream) {
    this.#seqs.delete(stream);
  }

  /** Forget all of them. */
  clear() {
    this.#seqs.clear();
  }

  /** Judge a message by its place: APPLY what comes next, DROP what is known, GAP: ask again. */
  judge({ stream, seq }) {
    const known = this.#seqs.get(stream);
    if (known === undefined || seq <= known) return DROP;
    if (seq > known + 1) return GAP;
    this.#seqs.set(stream, seq);
    return APPLY;
  }
}
