// The open channel: its head, its messages by day and where one types; or the app's Home tab.

import { SIGNS } from "./channels.js";
import { mountClosed } from "./closed.js";
import { complete, isSendable } from "./completion.js";
import { mountComposer } from "./composer.js";
import { dateOf, dayName, isoDay } from "./dates.js";
import { h, icon, keyed, shallowEqual } from "./dom.js";
import { mountHome } from "./home.js";
import { drawMessage, drawNote } from "./message.js";
import { parse, textOf } from "./mrkdwn.js";
import { mountScroller } from "./scroller.js";
import { isNote, isReply, nameOf, nameOfChannel, standingIn, threadsIn, valuesUnder } from "./workspace.js";

const isNarrow = matchMedia("(max-width: 767px)");
const LONGEST_PAUSE = 300;
const QUOTED_START = 60;

/** Returns the function that draws the conversation. */
export function mountConversation(root, actions) {
  const head = h("header", { class: "pane-head" });
  const list = h("div", { class: "message-list" });
  const scroller = mountScroller(h("div", { class: "pane-body", role: "log", tabindex: "0" }, list), list);
  const say = (text, { channel }) => actions.ask({ do: "say", channel: channel.id, text, thread_ts: null });
  const composer = mountComposer({
    id: "composer",
    say,
    onSaid: scroller.toEnd,
    complete,
    isSendable,
  });
  const closed = mountClosed(() => say("/unarchive", shown));
  const home = mountHome(actions);
  let shown = null;

  const entry = () => (shown?.isHome ? home : shown?.channel.can_type === false ? closed : composer);
  document.querySelector(".skip-link").addEventListener("click", (event) => {
    event.preventDefault();
    entry().focus();
  });
  document.addEventListener("look-up", ({ detail }) => {
    actions.openChannel(shown.channel.id);
    if (entry() === closed) return closed.focus();
    // The button that had the focus is in another tab of a phone.
    if (isNarrow.matches) scroller.body.focus();
    composer.send(`${shown.workspace.command} ${detail.jobId}`);
  });
  root.append(head, home.tabs, home.element, scroller.element, composer.element, closed.element);

  // Who was where one types is there still when that becomes something else.
  function exchange() {
    const place = [composer, closed].find(({ element }) => element.contains(document.activeElement));
    scroller.element.hidden = shown.isHome;
    composer.element.hidden = shown.isHome || !shown.channel.can_type;
    closed.draw(shown);
    if (place && place !== entry()) entry().focus();
  }

  return (state, view) => {
    const isFirst = shown === null;
    const channel = state.get(`channel/${view.channel}`);
    if (!channel) return;
    keyed(head, [headOf(channel, state)], ({ id }) => id, makeHead, shallowEqual);
    scroller.body.setAttribute("aria-label", `Messages in ${nameOfChannel(channel)}`);
    shown = { ...composerContext(state, channel), isHome: view.isHome };
    exchange();
    home.draw(state, view, namesOf(state, actions));
    if (view.isHome) return;
    composer.draw({ key: channel.id, ...shown });
    scroller.update(channel.id, () => drawList(list, state, view, actions));
    if (isFirst && channel.can_type) beginAt(composer);
  };
}

// A field with the focus would bring up the keyboard of a phone.
function beginAt(composer) {
  if (matchMedia("(pointer: fine)").matches && document.activeElement === document.body) composer.focus();
}

/** What texts need to know of the workspace, see mrkdwn.js. */
export function namesOf(state, { openChannel }) {
  const workspace = state.get("workspace");
  return {
    user: (id) => nameOf(workspace, id),
    channel: (id) => state.get(`channel/${id}`)?.name ?? null,
    isMe: (id) => id === workspace.me.id,
    openChannel,
  };
}

/** What messages need to know of the workspace, and what can be done in them. */
export function contextOf(state, actions) {
  const { shortcut, bot } = state.get("workspace");
  return {
    names: namesOf(state, actions),
    openThread: actions.openThread,
    shortcut: { name: shortcut, app: bot.name },
    useShortcut: ({ channel, ts }) => actions.ask({ do: "shortcut", channel, ts }),
    press: ({ channel, ts }, { action_id, value = null }) =>
      actions.ask({ do: "press", channel, ts, action_id, value }),
  };
}

/** An item of a message list: the message with all that its looks depend on, so that items can be compared. */
export function itemOf(
  message,
  state,
  { before = null, replies = [], parentStart = null, canReply = false, isInThread = false, isAlsoInChannel = false } = {},
) {
  return {
    key: message.ts,
    message,
    author: nameOf(state.get("workspace"), message.author) ?? message.author,
    today: isoDay(new Date()),
    follows: isContinuation(before, message),
    replies: replies.length,
    lastReply: replies.at(-1)?.ts ?? null,
    parentStart,
    canReply,
    hasTools: !message.only_for_me,
    isInThread,
    isAlsoInChannel,
  };
}

function noteItemOf(note) {
  return { key: `note ${note.ts} ${note.text}`, note };
}

/** Makes the element of an item: of a message, of one of Slack's lines, or of a divider. */
export function makeEntry(item, context) {
  if (item.message) return drawMessage(item, context);
  if (item.note) return drawNote(item.note);
  if (item.kind === "intro") return h("p", { class: "intro" }, item.label);
  return h("div", { class: item.kind, role: "separator", "aria-label": item.label }, h("span", null, item.label));
}

function composerContext(state, channel) {
  return {
    placeholder: `Message ${nameOfChannel(channel)}, or type /${isNarrow.matches ? "" : " for commands"}`,
    channel,
    workspace: state.get("workspace"),
    jobs: valuesUnder(state, "job/"),
  };
}

function headOf({ id, name, kind, bot_is_member: isMember, archived }, state) {
  return { id, name, kind, isMember, archived, bot: state.get("workspace").bot.name };
}

function makeHead({ name, kind, isMember, archived, bot }) {
  return h(
    "div",
    { class: "channel-head" },
    h("h2", null, icon(SIGNS[kind]), name),
    kind === "direct" && h("span", { class: "app-tag" }, "APP"),
    kind !== "direct" && memberHint(isMember, bot),
    archived && h("span", { class: "head-hint" }, "archived"),
  );
}

function memberHint(isMember, bot) {
  if (isMember) return h("span", { class: "head-hint" }, `${bot} is a member`);
  return h("span", { class: "head-hint warning" }, `${bot} is not in this channel`);
}

function drawList(list, state, view, actions) {
  const context = contextOf(state, actions);
  const make = (item) => makeEntry(item, context);
  keyed(list, [introOf(state, view), ...itemsOf(state, view, context)], ({ key }) => key, make, shallowEqual);
}

function introOf(state, { channel }) {
  const { name, kind } = state.get(`channel/${channel}`);
  const label = kind === "direct" ? `This is where you and ${name} talk.` : `This is the beginning of #${name}.`;
  return { key: `intro ${channel}`, kind: "intro", label };
}

function itemsOf(state, { channel, newSince }, context) {
  const threads = threadsIn(state, channel);
  const items = [];
  let before = null;
  for (const entry of standingIn(state, channel)) {
    const dividers = [dayDivider(before, entry), newDivider(before, entry, newSince)].filter(Boolean);
    items.push(...dividers);
    const around = { before: dividers.length ? null : before, ...surroundings(entry, state, threads, context) };
    items.push(isNote(entry) ? noteItemOf(entry) : itemOf(entry, state, around));
    before = entry;
  }
  return items;
}

function surroundings(message, state, threads, { names }) {
  if (isReply(message)) {
    const parent = state.get(`message/${message.channel}/${message.thread_ts}`);
    return { parentStart: parent ? startOf(parent, names) : "a message that is gone" };
  }
  return { replies: threads.get(message.ts) ?? [], canReply: !message.only_for_me };
}

function startOf(message, names) {
  const whole = textOf(parse(message.text), names);
  const start = [...whole].slice(0, QUOTED_START).join("");
  return start === whole ? whole : `${start}…`;
}

function dayDivider(before, entry) {
  const date = dateOf(entry.ts);
  if (before && isoDay(dateOf(before.ts)) === isoDay(date)) return null;
  return { key: `day ${isoDay(date)}`, kind: "day", label: dayName(date) };
}

function newDivider(before, entry, newSince) {
  const isFirstNew = newSince !== null && entry.ts > newSince && (before?.ts ?? "") <= newSince;
  return isFirstNew ? { key: "new", kind: "new", label: "New" } : null;
}

function isContinuation(before, message) {
  if (!before || isNote(before) || message.reply_broadcast || before.reply_broadcast) return false;
  const isSoon = Number(message.ts) - Number(before.ts) < LONGEST_PAUSE;
  return isSoon && before.author === message.author && before.only_for_me === message.only_for_me;
}
