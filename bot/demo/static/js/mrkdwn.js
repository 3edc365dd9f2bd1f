// Slack's mrkdwn: from text to a small tree, and from the tree to nodes of the page.

import { fillTokens, fullDate } from "./dates.js";
import { h } from "./dom.js";
import { EMOJI } from "./emoji.js";

const MARKS = { "*": "bold", _: "italic", "~": "strike" };
const ELEMENTS = { bold: "strong", italic: "em", strike: "s", quote: "blockquote" };
const SAFE_LINK = /^(https?:\/\/|mailto:)/i;
// An escaped bracket ends an address; an escaped ampersand is part of it.
const BARE_LINK =
  /https?:\/\/(?:&amp;|(?!&(?:amp|lt|gt);)[^\s<>|`])*(?:&amp;|(?!&(?:amp|lt|gt);)[^\s<>|`.,:;!?"')\]}*_~])/y;
const BRACKET = /<([^<>\n]+)>/y;
const CODE = /`([^`\n]+)`/y;
const SHORTCODE = /:([a-z0-9_+-]+):/y;
const DATE = /^!date\^(-?\d+)\^([^^|]+)(?:\^([^|]*))?(?:\|(.*))?$/;
const MENTION = /^([@#!])([^|]+)(?:\|(.*))?$/;
const SPECIAL = /^(here|channel|everyone|subteam\^\w+)$/;
const QUOTED_LINE = /^(?:>|&gt;) ?/;
const WORD = /[\p{L}\p{N}]/u;

/**
 * Reads mrkdwn. Each node has a `kind`; text, code and pre have `text`, marks and quotes have `children`.
 * Everything that is not understood is text; a text that is `verbatim` keeps bare addresses as they are.
 */
export function parse(text, { verbatim = false } = {}) {
  const language = verbatim ? VERBATIM : MRKDWN;
  return text.split(/```\n?([\s\S]+?)\n?```\n?/).flatMap((part, place) =>
    place % 2 ? [{ kind: "pre", text: decode(part) }] : parseLines(part, language),
  );
}

/** Reads plain text, in which only emoji have a meaning. */
export function parsePlain(text, { emoji = true } = {}) {
  return joinLines(text.split("\n").map((line) => (emoji ? parseInline(line, PLAIN) : [plain(line)])));
}

/** Makes nodes of a tree. `names` tells what people and channels are called, and opens a channel. */
export function draw(tree, names) {
  return tree.map((node) => DRAWINGS[node.kind](node, names));
}

/** The characters that a tree shows, for a short quotation. */
export function textOf(tree, names) {
  return draw(tree, names).map((node) => node.textContent).join("");
}

function parseLines(text, language) {
  if (!text) return [];
  const groups = [];
  for (const line of text.split("\n")) {
    const isQuoted = QUOTED_LINE.test(line);
    const content = parseInline(line.replace(isQuoted ? QUOTED_LINE : "", ""), language);
    if (groups.at(-1)?.isQuoted === isQuoted) groups.at(-1).lines.push(content);
    else groups.push({ isQuoted, lines: [content] });
  }
  return groups.flatMap(({ isQuoted, lines }) =>
    isQuoted ? [{ kind: "quote", children: joinLines(lines) }] : joinLines(lines),
  );
}

function joinLines(lines) {
  return lines.flatMap((line, place) => (place ? [{ kind: "break" }, ...line] : line));
}

function parseInline(text, language) {
  const nodes = [];
  const reading = { language, unclosed: new Set() };
  let start = 0;
  for (let at = 0; at < text.length; ) {
    const found = readFirst(text, at, reading);
    if (!found) {
      at += 1;
      continue;
    }
    nodes.push(plain(language.decode(text.slice(start, at))), found.node);
    at = start = found.end;
  }
  nodes.push(plain(language.decode(text.slice(start))));
  return nodes.filter((node) => node.kind !== "text" || node.text);
}

function readFirst(text, at, reading) {
  for (const read of reading.language.readers) {
    const found = read(text, at, reading);
    if (found) return found;
  }
  return null;
}

function readCode(text, at) {
  const match = matchAt(CODE, text, at);
  const stands = match && isBorder(text[at - 1]) && isBorder(text[at + match[0].length]);
  return stands ? { node: { kind: "code", text: decode(match[1]) }, end: at + match[0].length } : null;
}

function readBracket(text, at) {
  const match = matchAt(BRACKET, text, at);
  const node = match && (dateNode(match[1]) ?? mentionNode(match[1]) ?? linkNode(match[1]));
  return node ? { node, end: at + match[0].length } : null;
}

function readEmoji(text, at) {
  const match = matchAt(SHORTCODE, text, at);
  if (!match || !Object.hasOwn(EMOJI, match[1])) return null;
  return { node: { kind: "emoji", name: match[1] }, end: at + match[0].length };
}

function readBareLink(text, at) {
  const match = isBorder(text[at - 1]) && matchAt(BARE_LINK, text, at);
  return match ? { node: linkNode(match[0]), end: at + match[0].length } : null;
}

// A mark that is not closed from here on is not closed from further on either: `unclosed` saves looking again.
function readMark(text, at, { language, unclosed }) {
  const mark = text[at];
  if (!MARKS[mark] || unclosed.has(mark) || !isBorder(text[at - 1]) || !canOpen(text, at)) return null;
  const end = closing(text, mark, at + 1);
  if (end === null) return unclosed.add(mark) && null;
  return { node: { kind: MARKS[mark], children: parseInline(text.slice(at + 1, end), language) }, end: end + 1 };
}

function canOpen(text, at) {
  return !isSpace(text[at + 1]) && text[at + 1] !== text[at];
}

// What is inside code or angle brackets does not close a mark.
function closing(text, mark, from) {
  for (let at = from; at < text.length; ) {
    const atom = readCode(text, at) ?? readBracket(text, at);
    if (atom) at = atom.end;
    else if (text[at] === mark && !isSpace(text[at - 1]) && isBorder(text[at + 1])) return at;
    else at += 1;
  }
  return null;
}

const MRKDWN = { readers: [readCode, readBracket, readEmoji, readBareLink, readMark], decode };
const VERBATIM = { readers: [readCode, readBracket, readEmoji, readMark], decode };
const PLAIN = { readers: [readEmoji], decode: (text) => text };

function dateNode(inside) {
  const [, epoch, format, link, fallback] = DATE.exec(inside) ?? [];
  if (!epoch) return null;
  return { kind: "date", epoch: Number(epoch), format: decode(format), link, fallback: decode(fallback ?? "") };
}

function mentionNode(inside) {
  const [, sign, id, label] = MENTION.exec(inside) ?? [];
  if (sign === "!" && !SPECIAL.test(id)) return label ? plain(decode(label)) : null;
  return sign && { kind: { "@": "user", "#": "channel", "!": "special" }[sign], id, label: label && decode(label) };
}

function linkNode(inside) {
  const [url, ...label] = inside.split("|").map(decode);
  return SAFE_LINK.test(url) ? { kind: "link", url, label: label.join("|") || url } : null;
}

function plain(text) {
  return { kind: "text", text };
}

/** Decodes the three entities that Slack knows, once: `&amp;lt;` is the text `&lt;`. */
function decode(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

function matchAt(sticky, text, at) {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function isBorder(character) {
  return !character || !WORD.test(character);
}

function isSpace(character) {
  return !character || /\s/.test(character);
}

const DRAWINGS = {
  text: ({ text }) => document.createTextNode(text),
  break: () => h("br"),
  bold: drawMarked,
  italic: drawMarked,
  strike: drawMarked,
  quote: drawMarked,
  code: ({ text }) => h("code", null, text),
  pre: ({ text }) => h("pre", null, text),
  emoji: ({ name }) => h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, EMOJI[name]),
  link: ({ url, label }) => outsideLink(url, label),
  date: drawDate,
  user: drawUser,
  channel: drawChannel,
  special: ({ id, label }) => h("span", { class: "mention of-me" }, label ?? `@${id.split("^")[0]}`),
};

function outsideLink(url, ...label) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...label);
}

function drawMarked({ kind, children }, names) {
  return h(ELEMENTS[kind], null, draw(children, names));
}

function drawDate({ epoch, format, link, fallback }) {
  const date = new Date(epoch * 1000);
  if (Number.isNaN(date.getTime())) return document.createTextNode(fallback);
  const time = h("time", { datetime: date.toISOString(), title: fullDate(date) }, fillTokens(format, date));
  return SAFE_LINK.test(link ?? "") ? outsideLink(decode(link), time) : time;
}

function drawUser({ id, label }, names) {
  return h("span", { class: names.isMe(id) ? "mention of-me" : "mention" }, `@${names.user(id) ?? label ?? id}`);
}

function drawChannel({ id, label }, names) {
  const name = `#${names.channel(id) ?? label ?? id}`;
  if (!names.channel(id)) return h("span", { class: "mention" }, name);
  return h("button", { type: "button", class: "mention", onClick: () => names.openChannel(id) }, name);
}
