// One message, or one of Slack's own lines, as it stands in a channel or a thread.

import { drawBlocks } from "./blocks.js";
import { dateOf, dayAndTime, fillTokens, fullDate, speaking, timeOfDay } from "./dates.js";
import { h, icon } from "./dom.js";
import { openMenu } from "./menu.js";
import { draw, parse } from "./mrkdwn.js";
import { press } from "./press.js";

const COLOURS = 6;
const CHINESE_MARKS = /[，。：（]/;

/**
 * Draws an item of a message list (see conversation.js). `context` has `names` (see mrkdwn.js), `openThread(ts)`,
 * `press(message, button)`, the app's `shortcut` and `useShortcut(message)`.
 */
export function drawMessage(item, context) {
  const { message, author } = item;
  const { ts, channel, only_for_me: isOnlyForMe } = message;
  const language = languageOf(message.text, message.blocks);
  return h(
    "article",
    {
      class: `message${isOnlyForMe ? " only-me" : ""}${item.follows ? " follows" : ""}`,
      tabindex: "-1",
      "aria-label": `${author}, ${timeOfDay(dateOf(ts))}`,
      dataset: { ts, channel, surface: placeOf(message) },
    },
    isOnlyForMe && drawAside("eye", "Only visible to you"),
    item.isAlsoInChannel && drawAside("broadcast", "Also sent to the channel"),
    item.parentStart !== null && drawBroadcastLine(item, context),
    item.follows ? h("div", { class: "gutter" }, drawTime(ts)) : drawAvatar(author, message),
    h(
      "div",
      { class: "message-content", lang: message.is_bot && language },
      !item.follows && drawHead(item),
      speaking(language, () => drawBody(message, context)),
      item.replies > 0 && drawThreadSummary(item, context),
    ),
    item.hasTools && drawTools(item, context),
  );
}

/**
 * The language of what the bot wrote: it does not say so itself. Its Chinese has such marks; its English has them
 * only where a name does.
 */
export function languageOf(text, blocks) {
  return CHINESE_MARKS.test(text + JSON.stringify(blocks)) ? "zh" : "en";
}

/** Draws a line that Slack itself shows. Its text is plain. */
export function drawNote({ ts, channel, kind, text }) {
  const dataset = { ts, channel };
  if (kind === "refused") {
    return h("p", { class: "note refused", dataset }, h("strong", null, "Slack refused this: "), text, drawTime(ts));
  }
  if (kind === "joined") return h("p", { class: "note joined", dataset }, text, drawTime(ts));
  return h(
    "article",
    { class: "message only-me", "aria-label": `Slackbot, ${timeOfDay(dateOf(ts))}`, dataset },
    drawAside("eye", "Only visible to you"),
    h("div", { class: "avatar slackbot", "aria-hidden": "true" }, "S"),
    h(
      "div",
      { class: "message-content" },
      h("div", { class: "message-head" }, h("span", { class: "author" }, "Slackbot"), drawTime(ts)),
      h("div", { class: "text" }, text),
    ),
  );
}

function drawAside(sign, ...said) {
  return h("p", { class: "message-aside" }, icon(sign), said);
}

function drawBroadcastLine({ message, parentStart }, { openThread }) {
  const open = h(
    "button",
    { type: "button", class: "link", dataset: { focus: "parent" }, onClick: () => openThread(message.thread_ts) },
    parentStart,
  );
  return drawAside("broadcast", h("span", { class: "broadcast-line" }, "replied to a thread: ", open));
}

function drawAvatar(author, { is_bot: isBot }) {
  if (isBot) return h("div", { class: "avatar bot", "aria-hidden": "true" }, icon("voice"));
  return h("div", { class: `avatar colour-${colourOf(author)}`, "aria-hidden": "true" }, [...author][0].toUpperCase());
}

function colourOf(author) {
  return [...author].reduce((sum, character) => sum + character.codePointAt(0), 0) % COLOURS;
}

function drawHead({ author, isInThread, message: { ts, is_bot: isBot } }) {
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "author" }, author),
    isBot && h("span", { class: "app-tag" }, "APP"),
    drawTime(ts, isInThread ? dayAndTime : timeOfDay),
  );
}

function drawTime(ts, inWords = timeOfDay) {
  const date = dateOf(ts);
  return h("time", { class: "at", datetime: date.toISOString(), title: fullDate(date) }, inWords(date));
}

function drawBody(message, { names, press: pressIn }) {
  const edited = message.edited && h("span", { class: "edited" }, "(edited)");
  if (!message.blocks?.length) return h("div", { class: "text" }, draw(parse(message.text), names), " ", edited);
  const send = (button) => pressIn(message, button);
  return [drawBlocks(message.blocks, { names, place: placeOf(message), press: send }), edited];
}

function placeOf({ channel, ts }) {
  return `${channel} ${ts}`;
}

function drawThreadSummary({ message, replies, lastReply }, { openThread }) {
  return h(
    "button",
    { type: "button", class: "thread-summary", dataset: { focus: "thread" }, onClick: () => openThread(message.ts) },
    h("strong", null, replies === 1 ? "1 reply" : `${replies} replies`),
    h("span", null, fillTokens("last reply {date_short_pretty} {time}", dateOf(lastReply))),
  );
}

function drawTools(item, context) {
  const reply = () => context.openThread(item.message.ts);
  const more = ({ currentTarget }) => openMenu(currentTarget, menuOf(item, context, reply));
  return h(
    "div",
    { class: "message-tools" },
    item.canReply && drawTool("reply", "Reply in thread", { onClick: reply }),
    drawTool("more", "More actions", { onClick: more, "aria-haspopup": "menu" }),
  );
}

function drawTool(sign, label, props) {
  const named = { "aria-label": label, title: label, dataset: { focus: sign } };
  return h("button", { type: "button", class: `tool ${sign}`, ...named, ...props }, icon(sign));
}

function menuOf({ message, canReply }, { shortcut, useShortcut }, reply) {
  const send = () => useShortcut(message);
  const use = (control) => press(control, {}, { place: placeOf(message), send });
  return [
    ...(canReply ? [{ label: "Reply in thread", choose: reply }] : []),
    { label: shortcut.name, detail: shortcut.app, choose: use },
  ];
}
