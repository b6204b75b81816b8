import { html, useRef, useState } from "../lib.js";
import { typing } from "../live.js";
import { me } from "../session.js";
import { others } from "../store/presence.js";
import { people } from "../store/projects.js";
import { manages } from "../store/rights.js";
import { Avatar, nameOf } from "../ui/avatar.js";
import { confirm } from "../ui/dialog.js";
import { Skeleton } from "../ui/empty.js";
import { Ago, exact } from "../ui/time.js";
import { Prose } from "./prose.js";
import { Writer } from "./writer.js";

const TELL_AGAIN_MS = 3000;

async function askAndRemove(talk, comment) {
  const sure = await confirm({
    title: "Delete this comment?",
    text: "Its text cannot be brought back. Answers to it stay.",
    action: "Delete",
  });
  if (sure) talk.remove(comment);
}

function Actions({ comment, talk, task, onReply, onEdit }) {
  const mine = comment.author === me.value.id;
  const del = () => askAndRemove(talk, comment);
  return html`<div class="comment-actions">
    <button type="button" class="link" onClick=${onReply}>Reply</button>
    ${mine && html`<button type="button" class="link" onClick=${onEdit}>Edit</button>`}
    ${
      (mine || manages(task.project)) &&
      html`<button type="button" class="link" onClick=${del}>Delete</button>`
    }
  </div>`;
}

function Body({ comment, editing, talk, members, onDone }) {
  if (comment.deleted_at) return html`<p class="soft">This comment was deleted.</p>`;
  if (!editing) return html`<${Prose} text=${comment.body} />`;
  const send = async (body) => {
    const sent = await talk.edit(comment, body);
    if (sent) onDone();
    return sent;
  };
  return html`<${Writer}
    label="Change the comment"
    text=${comment.body}
    action="Save"
    members=${members}
    onSend=${send}
    onCancel=${onDone}
  />`;
}

function Comment({ comment, talk, task, members, canWrite, onReply }) {
  const [editing, setEditing] = useState(false);
  const author = people.value.get(comment.author);
  return html`<article class="comment" aria-label="Comment by ${nameOf(author)}">
    <${Avatar} person=${author || { username: `#${comment.author}` }} />
    <div class="grow">
      <header class="row">
        <strong class="cut">${nameOf(author)}</strong>
        <span class="tiny soft">
          <${Ago} at=${comment.created_at} />
          ${
            comment.edited_at &&
            !comment.deleted_at &&
            html` · <span title=${exact(comment.edited_at)}>edited</span>`
          }
        </span>
      </header>
      <${Body}
        comment=${comment}
        editing=${editing}
        talk=${talk}
        members=${members}
        onDone=${() => setEditing(false)}
      />
      ${
        canWrite &&
        !comment.deleted_at &&
        !editing &&
        html`<${Actions}
        comment=${comment}
        talk=${talk}
        task=${task}
        onReply=${onReply}
        onEdit=${() => setEditing(true)}
      />`
      }
    </div>
  </article>`;
}

function Thread({ thread, ...rest }) {
  const { talk, members, onTyping } = rest;
  const [answered, setAnswered] = useState(null);
  const send = async (body) => {
    const sent = await talk.add(body, answered.id);
    if (sent) setAnswered(null);
    return sent;
  };
  const all = [thread.comment, ...thread.replies];
  return html`<li class="thread">
    ${all.map(
      (comment) => html`<${Comment}
        key=${comment.id}
        comment=${comment}
        onReply=${() => setAnswered(comment)}
        ...${rest}
      />`,
    )}
    ${
      answered &&
      html`<${Writer}
      key=${answered.id}
      label="Reply"
      action="Reply"
      members=${members}
      onSend=${send}
      onCancel=${() => setAnswered(null)}
      onTyping=${onTyping}
    />`
    }
  </li>`;
}

function Typing({ task }) {
  const names = others.value
    .filter((each) => each.typing === task)
    .map((each) => nameOf(people.value.get(each.id) || each));
  const verb = names.length > 1 ? "are" : "is";
  return html`<p class="typing" aria-live="polite">
    ${names.length > 0 && `${names.join(" and ")} ${verb} typing …`}
  </p>`;
}

/** The comments of a task, with the field for another one. */
export function Comments({ task, talk, members, canWrite }) {
  const told = useRef(0);
  const tell = () => {
    if (Date.now() - told.current < TELL_AGAIN_MS) return;
    told.current = Date.now();
    typing(task.id);
  };
  if (talk.count.value === null) return html`<${Skeleton} lines=${2} height=${48} />`;
  return html`
    <ol class="threads">
      ${talk.threads.value.map(
        (thread) => html`<${Thread}
          key=${thread.comment.id}
          thread=${thread}
          talk=${talk}
          task=${task}
          members=${members}
          canWrite=${canWrite}
          onTyping=${tell}
        />`,
      )}
    </ol>
    ${
      talk.next.value &&
      html`<button type="button" class="button quiet" onClick=${talk.more}>
        Load newer comments
      </button>`
    }
    <${Typing} task=${task.id} />
    ${
      canWrite &&
      html`<${Writer}
      label="Write a comment"
      action="Comment"
      members=${members}
      onSend=${(body) => talk.add(body)}
      onTyping=${tell}
    />`
    }
  `;
}
