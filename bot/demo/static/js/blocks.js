// Block Kit: the blocks of a message or view as elements, or in their place why Slack would refuse them.

import { h } from "./dom.js";
import { draw, parse, parsePlain } from "./mrkdwn.js";
import { press, resume } from "./press.js";

const MAX_BLOCKS = 50;
const MAX_TEXT = 3000;

class Refused extends Error {}

/**
 * Draws the blocks of a message. `context` has `names` (see mrkdwn.js), `place`, which tells this message from all
 * others, and `press(button)`, which resolves to an error or null.
 */
export function drawBlocks(blocks, context) {
  if (blocks.length > MAX_BLOCKS) return [refusal(`${blocks.length} blocks, at most ${MAX_BLOCKS}`)];
  return blocks.map((block) => drawBlock(block, context));
}

/** Draws one block; `context` is as for drawBlocks. */
export function drawBlock(block, context) {
  return drawByType(BLOCKS, block, "block", context);
}

const BLOCKS = {
  header: ({ text }) => h("h3", { class: "block header" }, drawPlain(text, 150, "header")),
  section: drawSection,
  context: drawContext,
  actions: drawActions,
  divider: () => h("hr", { class: "block divider" }),
};

const CONTEXT_ELEMENTS = {
  plain_text: (text, { names }) => h("span", null, drawText(text, MAX_TEXT, "context text", names)),
  mrkdwn: (text, { names }) => h("span", null, drawText(text, MAX_TEXT, "context text", names)),
};

const BUTTONS = { button: drawButton, overflow: drawOverflow };

function drawByType(drawings, thing, what, context) {
  try {
    const type = thing?.type;
    if (!Object.hasOwn(drawings, type)) throw new Refused(`unknown ${what} type ${JSON.stringify(type)}`);
    return drawings[type](thing, context);
  } catch (error) {
    if (error instanceof Refused) return refusal(error.message);
    throw error;
  }
}

function refusal(why) {
  return h("p", { class: "block refused" }, h("strong", null, "Slack would refuse this: "), why);
}

function drawSection({ text, fields, accessory }, context) {
  if (!text && !fields) throw new Refused("section: needs text or fields");
  return h(
    "div",
    { class: "block section" },
    h(
      "div",
      { class: "section-content" },
      text && h("div", { class: "text" }, drawText(text, MAX_TEXT, "section text", context.names)),
      fields && drawFields(fields, context),
    ),
    accessory && drawByType(BUTTONS, accessory, "element", context),
  );
}

function drawFields(fields, { names }) {
  count(fields, 10, "fields");
  return h(
    "div",
    { class: "fields" },
    fields.map((field) => h("div", { class: "text" }, drawText(field, 2000, "field", names))),
  );
}

function drawContext({ elements }, context) {
  count(elements, 10, "context elements");
  return h(
    "div",
    { class: "block context" },
    elements.map((element) => drawByType(CONTEXT_ELEMENTS, element, "element", context)),
  );
}

function drawActions({ elements }, context) {
  count(elements, 25, "actions elements");
  return h(
    "div",
    { class: "block actions" },
    elements.map((element) => drawByType(BUTTONS, element, "element", context)),
  );
}

function drawButton(button, context) {
  const { text, url, style, confirm } = button;
  within(button.action_id ?? "-", 255, "action_id");
  within(button.value ?? "-", 2000, "button value");
  oneOf(style, ["primary", "danger"], "button style");
  if (confirm) checkConfirm(confirm);
  if (url !== undefined) checkUrl(url);
  const label = drawPlain(text, 75, "button text");
  const send = () => context.press(button);
  const props = {
    class: `button ${style ?? ""}`,
    "aria-label": button.accessibility_label,
    dataset: { focus: `press ${button.action_id} ${button.value ?? ""}` },
    onClick: ({ currentTarget }) => press(currentTarget, button, { place: context.place, send }),
  };
  const element = drawControl(button, props, label);
  resume(element, context.place);
  return element;
}

// A menu behind three dots: each option is pressed like a button.
function drawOverflow({ action_id, options }, context) {
  within(action_id ?? "-", 255, "action_id");
  count(options, 5, "overflow options");
  const chosen = options.map(({ text, value }) => {
    within(value, 150, "option value");
    return drawButton({ action_id, value, text }, context);
  });
  return h(
    "details",
    { class: "overflow" },
    h("summary", { class: "button", "aria-label": "More actions" }, "⋯"),
    h("div", { class: "options" }, chosen),
  );
}

// A link that asks first has no address that a browser could open before the answer.
function drawControl({ url, confirm }, props, label) {
  if (url === undefined) return h("button", { type: "button", ...props }, label);
  if (confirm) return h("button", { type: "button", role: "link", ...props }, label);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", ...props }, label);
}

function checkUrl(url) {
  within(url, 3000, "button url");
  if (!/^https?:\/\//i.test(url)) throw new Refused("button url: not a web address");
}

function checkConfirm(confirm) {
  oneOf(confirm.style, ["primary", "danger"], "confirm style");
  for (const [key, limit] of Object.entries({ title: 100, text: 300, confirm: 30, deny: 30 })) {
    checkText(confirm[key], limit, `confirm ${key}`, ["plain_text"]);
  }
}

function drawText(text, limit, what, names) {
  checkText(text, limit, what, ["plain_text", "mrkdwn"]);
  return draw(text.type === "mrkdwn" ? parse(text.text, text) : parsePlain(text.text, text), names);
}

function drawPlain(text, limit, what) {
  checkText(text, limit, what, ["plain_text"]);
  return draw(parsePlain(text.text, text));
}

function checkText(text, limit, what, types) {
  if (!types.includes(text?.type)) throw new Refused(`${what}: not a ${types.join(" or ")} object`);
  within(text.text, limit, what);
}

function within(value, limit, what) {
  if (typeof value !== "string") throw new Refused(`${what}: not a string`);
  if (!value) throw new Refused(`${what}: empty`);
  const length = [...value].length;
  if (length > limit) throw new Refused(`${what}: ${length} characters, at most ${limit}`);
}

function count(list, limit, what) {
  if (!Array.isArray(list) || list.length === 0) throw new Refused(`${what}: none`);
  if (list.length > limit) throw new Refused(`${list.length} ${what}, at most ${limit}`);
}

function oneOf(value, known, what) {
  if (value !== undefined && !known.includes(value)) throw new Refused(`${what}: neither ${known.join(" nor ")}`);
}
