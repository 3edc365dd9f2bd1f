// The pane of one thread: its first message, the replies, and where one writes another.

import { mountComposer } from "./composer.js";
import { contextOf, itemOf, makeEntry } from "./conversation.js";
import { h, icon, keyed, shallowEqual } from "./dom.js";
import { mountScroller } from "./scroller.js";
import { isCounted, nameOfChannel, repliesTo } from "./workspace.js";

const NO_COMMANDS = "Slack takes no commands in threads. Type it in the channel.";

/** Returns the function that draws the thread, if one is open. */
export function mountThread(root, actions) {
  const place = h("span", { class: "head-hint" });
  const list = h("div", { class: "message-list" });
  const body = h("div", { class: "pane-body", role: "log", tabindex: "0", "aria-label": "Thread" }, list);
  const scroller = mountScroller(body, list);
  const composer = mountComposer({ id: "reply", say, onSaid: scroller.toEnd });
  const unseen = h("span", { class: "unseen" }, "Close thread");
  const signs = [icon("close"), icon("back"), unseen];
  const close = h("button", { type: "button", class: "icon-button close-thread", onClick: leave }, signs);
  let opener = null;
  let open = null;

  const head = h("header", { class: "pane-head" }, h("h2", null, "Thread"), place, close);
  root.append(head, scroller.element, composer.element);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    leave();
  });

  async function say(text, { channel, thread }) {
    if (text.startsWith("/")) return NO_COMMANDS;
    return actions.ask({ do: "say", channel: channel.id, text, thread_ts: thread });
  }

  function leave() {
    actions.closeThread();
    openerOf(opener)?.focus();
  }

  return (state, view) => {
    const isOpening = view.thread !== null && view.thread !== open;
    if (isOpening) opener = { thread: view.thread, focus: document.activeElement?.dataset.focus };
    open = view.thread;
    root.hidden = open === null;
    if (root.hidden) return;
    const channel = state.get(`channel/${view.channel}`);
    place.textContent = nameOfChannel(channel);
    composer.element.hidden = !channel.can_type;
    composer.draw({ key: `${channel.id} ${open}`, placeholder: "Reply…", channel, thread: open });
    scroller.update(open, () => drawList(list, state, view, actions));
    // A field with the focus would bring up the keyboard of a phone, over what is to be read.
    if (isOpening) (matchMedia("(hover: none)").matches ? close : composer).focus();
  };
}

// The control that opened the thread may have been drawn anew since; a message whose summary is gone has others.
function openerOf({ thread, focus }) {
  const messages = [...document.querySelectorAll("#conversation .message")];
  const control = (message) => focus && message.querySelector(`[data-focus="${CSS.escape(focus)}"]`);
  const parent = messages.find(({ dataset }) => dataset.ts === thread);
  return (parent && control(parent)) ?? messages.map(control).find(Boolean) ?? parent;
}

function drawList(list, state, { channel, thread }, actions) {
  const context = contextOf(state, actions);
  const parent = state.get(`message/${channel}/${thread}`);
  const replies = repliesTo(state, channel, thread);
  const count = replies.filter(isCounted).length;
  const items = [
    itemOf(parent, state, { isInThread: true }),
    { key: "count", kind: "count", label: count === 1 ? "1 reply" : count ? `${count} replies` : "No replies yet" },
    ...replies.map((reply, place) =>
      itemOf(reply, state, {
        before: replies[place - 1] ?? null,
        isInThread: true,
        isAlsoInChannel: reply.reply_broadcast,
      }),
    ),
  ];
  keyed(list, items, ({ key }) => key, (item) => makeEntry(item, context), shallowEqual);
}
