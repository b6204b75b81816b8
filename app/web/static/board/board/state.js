// What a board shows: its columns, the cards that were read of each, and how many there are.
import { get, queryOf } from "../api.js";
import { batch, computed, signal } from "../lib.js";
import { hearOf, keep, tasks, watch } from "../store/tasks.js";
import { renamed, reuse, withoutTasks, withTasks } from "./columns.js";

const RECOUNT_MS = 15_000;
const FULL_PAGE = 100;

/** One board, live: feed it with `hear`, read `view` and `lanes`. */
export class Board {
  #shown = signal(new Set());
  #sought = signal(new Set());
  #quiet = false;
  #waiting = null;
  #again = false;
  #recount = null;
  #stopWatching;

  constructor(id) {
    this.id = id;
    /** The board without its tasks; null until it is read. */
    this.view = signal(null);
    /** Why it cannot be read, as ApiError; null if it can. */
    this.problem = signal(null);
    let before = null;
    let beforeAll = null;
    /** The columns with their `tasks`; `next` leads to more of them. */
    this.lanes = computed(() => (before = reuse(before, this.#lanes([...this.#shown.value]))));
    /** The same, with what was sought beyond what is read of them. */
    this.allLanes = computed(() => {
      const ids = new Set([...this.#shown.value, ...this.#sought.value]);
      return (beforeAll = reuse(beforeAll, this.#lanes([...ids])));
    });
    this.#stopWatching = watch((...change) => this.#follow(...change));
  }

  /** Stop listening. */
  close() {
    this.#stopWatching();
    clearTimeout(this.#recount);
  }

  /** Read everything anew; what is heard meanwhile comes afterwards. */
  async load() {
    this.#again = true;
    if (this.#waiting) return;
    this.#waiting = [];
    while (this.#again) await this.#read();
    const heard = this.#waiting;
    this.#waiting = null;
    heard.forEach((each) => this.hear(...each));
  }

  /** Take over a message of the project's stream. */
  hear(name, message) {
    if (this.#waiting) this.#waiting.push([name, message]);
    else if (/^(task|comment)\./.test(name)) hearOf(name, message);
    else if (name === "project.updated") this.#archived(message.is_archived);
    else if (name === "board.updated" && message.board_id === this.id) this.#rename(message);
    else if (name === "board.deleted" || name === "project.deleted") this.load();
  }

  /** Read the next cards of a column. Throws ApiError. */
  async more(lane) {
    const page = await get("/tasks/", { ...queryOf(lane.next), page_size: FULL_PAGE });
    const bound = page.results.at(-1)?.position ?? lane.bound;
    batch(() => {
      this.#keepQuietly(page.results);
      this.#show(page.results.map((task) => task.id));
      this.#setLane(lane.status, () => ({ next: page.next, bound }));
    });
  }

  /** Find tasks of this board beyond what is read of it; `query` is that of the list of tasks. */
  async seek(query, options) {
    if (!this.view.peek()?.columns.some((lane) => lane.next)) return;
    const asked = { ...query, board: this.id, page_size: FULL_PAGE };
    const { results } = await get("/tasks/", asked, options);
    batch(() => {
      this.#keepQuietly(results);
      this.#sought.value = new Set(results.map((task) => task.id));
    });
  }

  /** Show a card of one's own, wherever its place is. */
  show(id) {
    this.#show([id]);
  }

  async #read() {
    this.#again = false;
    try {
      this.#take(await get(`/boards/${this.id}/`));
    } catch (error) {
      this.problem.value = error;
    }
  }

  /** What is merely read changes no count. */
  #keepQuietly(cards) {
    this.#quiet = true;
    keep(cards);
    this.#quiet = false;
  }

  #lanes(ids) {
    const cards = ids.map((id) => tasks.value.get(id)).filter((task) => task?.board === this.id);
    return withTasks(this.view.value?.columns || [], cards);
  }

  #take({ columns, ...board }) {
    const cards = columns.flatMap((column) => column.tasks);
    batch(() => {
      this.#keepQuietly(cards);
      this.#shown.value = new Set(cards.map((task) => task.id));
      this.view.value = { ...board, columns: columns.map(withoutTasks) };
      this.problem.value = null;
    });
  }

  /** A task has changed, whoever did it: does it come, go, or go elsewhere? */
  #follow(id, before, after) {
    if (this.#quiet || !this.view.peek()) return;
    const was = this.#shown.peek().has(id) ? before : null;
    const is = after?.board === this.id ? after : null;
    const elsewhere = before && before.board !== this.id;
    if ((was && is && was.status === is.status) || (!is && elsewhere)) return;
    batch(() => {
      if (was) this.#setLane(was.status, (lane) => ({ count: lane.count - 1 }));
      if (was && is) this.#setLane(is.status, (lane) => ({ count: lane.count + 1 }));
      if (!was) this.#recountSoon();
      if (is && this.#isRead(is)) this.#show([id]);
      else if (was) this.#hide(id);
    });
  }

  /** Whether a task belongs to the part of its column that was read. */
  #isRead(task) {
    const lane = this.view.peek().columns.find((each) => each.status === task.status);
    return Boolean(lane) && (!lane.next || task.position <= lane.bound);
  }

  #show(ids) {
    this.#shown.value = new Set([...this.#shown.peek(), ...ids]);
  }

  #hide(id) {
    this.#shown.value = new Set([...this.#shown.peek()].filter((each) => each !== id));
  }

  #setLane(status, changes) {
    const { columns, ...board } = this.view.peek();
    const changed = columns.map((lane) =>
      lane.status === status ? { ...lane, ...changes(lane) } : lane,
    );
    this.view.value = { ...board, columns: changed };
  }

  #archived(isArchived) {
    if (this.view.peek()) this.view.value = { ...this.view.peek(), is_archived: isArchived };
  }

  #rename({ name, columns }) {
    const view = this.view.peek();
    const news = view && renamed(view.columns, columns);
    if (news) this.view.value = { ...view, name, columns: news };
    else this.load();
  }

  /** Counts of what was not read cannot be told from messages: ask, but not for each of them. */
  #recountSoon() {
    if (this.#recount || !this.view.peek().columns.some((lane) => lane.next)) return;
    this.#recount = setTimeout(async () => {
      this.#recount = null;
      const { columns } = await get(`/boards/${this.id}/`, { cards: 1 }).catch(() => ({
        columns: [],
      }));
      batch(() => columns.forEach(({ status, count }) => this.#setLane(status, () => ({ count }))));
    }, RECOUNT_MS);
  }
}
