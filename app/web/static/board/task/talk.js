// The comments of a task, live.
import { get, patch, post, queryOf, remove } from "../api.js";
import { computed, signal, useMemo } from "../lib.js";
import { learn } from "../store/projects.js";
import { toastError } from "../ui/toast.js";
import { useStream } from "./live.js";

const PAGE = 50;

/** A comment as the API shows it, from a message of the socket. */
function commentOf(message) {
  const { comment_id, task_id, action, stream, seq, event_id, ...rest } = message;
  const { comments_count, comments_version, ...fields } = rest;
  return { ...fields, id: comment_id, task: task_id };
}

class Talk {
  #byId = signal(new Map());

  constructor(task) {
    this.task = task;
    /** How many there are in all; null until that is known. */
    this.count = signal(null);
    /** The link to newer ones that were not read. */
    this.next = signal(null);
    /** The comments that answer none, each with its `replies`, oldest first. */
    this.threads = computed(() => threads([...this.#byId.value.values()]));
  }

  /** Read the first comments, and as many more as were shown. */
  load = async () => {
    const size = Math.max(PAGE, Math.min(100, this.#byId.peek().size));
    await this.#read({ page_size: size }).catch((error) =>
      toastError("The comments could not be read.", error),
    );
  };

  more = () =>
    this.#read(queryOf(this.next.value)).catch((error) =>
      toastError("More comments could not be read.", error),
    );

  async #read(query) {
    const page = await get(`/tasks/${this.task}/comments/`, query);
    this.#keep(page.results);
    this.count.value = page.count;
    this.next.value = page.next;
  }

  hear = (name, message) => {
    if (!name.startsWith("comment.") || message.task_id !== this.task) return;
    if (name === "comment.deleted") this.#lose(message.comment_id);
    else if (name === "comment.created") this.#come(commentOf(message));
    else if (this.#byId.peek().has(message.comment_id)) this.#keep([commentOf(message)]);
  };

  /** Answers whether it was sent. */
  add = (body, parent = null) =>
    this.#try("The comment was not sent.", async () => {
      this.#come(await post(`/tasks/${this.task}/comments/`, { body, parent }));
    });

  edit = (comment, body) =>
    this.#try(
      "The comment was not changed.",
      async () => {
        this.#keep([{ ...comment, body }]);
        this.#keep([await patch(`/comments/${comment.id}/`, { body })]);
      },
      comment,
    );

  remove = (comment) =>
    this.#try(
      "The comment was not deleted.",
      async () => {
        this.#lose(comment.id);
        await remove(`/comments/${comment.id}/`);
      },
      comment,
    );

  async #try(problem, action, before = null) {
    try {
      await action();
      return true;
    } catch (error) {
      if (before) this.#keep([before]);
      toastError(problem, error);
      return false;
    }
  }

  #come(comment) {
    if (this.#byId.peek().has(comment.id)) return;
    if (this.count.value !== null) this.count.value += 1;
    this.#keep([comment]);
  }

  #lose(id) {
    const known = this.#byId.peek().get(id);
    const now = new Date().toISOString();
    if (known) this.#keep([{ ...known, body: "", deleted_at: known.deleted_at || now }]);
  }

  #keep(comments) {
    comments.forEach((each) => learn(each.author));
    this.#byId.value = new Map([...this.#byId.peek(), ...comments.map((each) => [each.id, each])]);
  }
}

/** Answers to answers stand with them, beneath what began it. */
function threads(comments) {
  const sorted = comments.sort((a, b) => a.id - b.id);
  const roots = new Map();
  for (const comment of sorted) {
    const root = roots.get(comment.parent);
    if (root) root.replies.push(comment);
    roots.set(comment.id, root || { comment, replies: [] });
  }
  return [...new Set(roots.values())];
}

/** The comments of a task for as long as the component is there. */
export function useTalk(task, stream) {
  const talk = useMemo(() => new Talk(task), [task]);
  useStream(stream, talk.hear, talk.load);
  return talk;
}
