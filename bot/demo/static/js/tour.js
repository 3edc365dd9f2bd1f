// The short list of things to try. Each ticks itself off when the state shows that it was done.

import { h } from "./dom.js";
import { recall, remember } from "./memory.js";
import { valuesUnder } from "./workspace.js";

/**
 * `isDone` looks at the messages of the bot alone, `posted` being those that a whole channel sees; the last step
 * looks at the bot itself.
 */
const STEPS = [
  {
    title: "Look up a job",
    how: ({ command }) => `Type ${command} in the message box and pick one. Only you see the answer.`,
    isDone: ({ messages }) => messages.some((message) => message.only_for_me && hasButton(message, "job_refresh")),
  },
  {
    title: "Subscribe the channel",
    how: ({ buttons }) => `Press ${buttons.subscribe} on the job’s card. The bot posts the card for all.`,
    isDone: ({ posted }) => posted.some((message) => isCard(message, posted)),
  },
  {
    title: "Let the job go on",
    how: () => "Press Next state below. The card and its thread tell it; the channel hears only what needs somebody.",
    isDone: ({ posted }) => posted.some((message) => message.thread_ts),
  },
  {
    title: "Let the bot into a private channel",
    how: ({ room, invite, buttons }) =>
      `In ${room}, subscribe to a job and be refused. Type ${invite}, then press ${buttons.try_again}.`,
    isDone: ({ posted, rooms }) => posted.some((message) => rooms.has(message.channel)),
  },
  {
    title: "Restart the bot",
    how: () => "Press Restart at the end of this panel. Nothing is lost: move a job on, and it is told as before.",
    isDone: ({ cameBack }) => cameBack,
  },
];

export function makeTour({ tell }) {
  let done = null;
  const cameBack = makeReturn();
  const count = h("span", { class: "tour-count" });
  const rows = STEPS.map(makeRow);
  const element = h("details", { class: "part tour", open: true },
    h("summary", {}, h("h3", {}, "Try it"), count),
    h("ol", { role: "list" }, rows.map((row) => row.element)));
  const draw = (state) => {
    if (!state.has("workspace")) return;
    const { instance } = state.get("workspace");
    const seen = { ...look(state), cameBack: cameBack(state) };
    done ??= new Set(STEPS.filter(({ title }) => recall(instance).includes(title)));
    for (const step of STEPS.filter((each) => !done.has(each) && each.isDone(seen))) {
      done.add(step);
      tell(`Done: ${step.title}`);
      remember(instance, [...done].map(({ title }) => title));
    }
    const next = STEPS.find((step) => !done.has(step));
    STEPS.forEach((step, place) => rows[place].draw(step.how(seen), whereIs(step, next, done)));
    count.textContent = next ? `${done.size} of ${STEPS.length} done` : "All done";
  };
  return { element, draw };
}

function makeRow({ title }, place) {
  const mark = h("span", { class: "mark", "aria-hidden": "true" });
  const isDone = h("span", { class: "unseen" });
  const how = h("span", { class: "soft" });
  const element = h("li", {}, mark, h("span", {}, h("strong", {}, title), isDone, how));
  const draw = (words, is) => {
    if (element.dataset.is === is && how.textContent === words) return;
    element.dataset.is = is;
    mark.textContent = is === "done" ? "✓" : place + 1;
    isDone.textContent = is === "done" ? " (done) " : " ";
    how.textContent = words;
  };
  return { element, draw };
}

function whereIs(step, next, done) {
  if (done.has(step)) return "done";
  return step === next ? "next" : "ahead";
}

function look(state) {
  const channels = valuesUnder(state, "channel/");
  const messages = valuesUnder(state, "message/").filter((message) => message.is_bot);
  const { command, bot, buttons } = state.get("workspace");
  const rooms = channels.filter(({ kind }) => kind === "private").sort((one, other) => one.position - other.position);
  return {
    command,
    buttons,
    invite: `/invite @${bot.name}`,
    room: rooms.length ? `#${rooms[0].name} (private)` : "a private channel",
    rooms: new Set(rooms.map(({ id }) => id)),
    messages,
    posted: messages.filter((message) => !message.only_for_me && !isDirect(message, state)),
  };
}

function isDirect({ channel }, state) {
  return state.get(`channel/${channel}`)?.kind === "direct";
}

// A card loses its buttons when its job is over; its replies stay.
function isCard(message, messages) {
  return hasButton(message, "subscription_refresh") || messages.some(({ thread_ts }) => thread_ts === message.ts);
}

function hasButton(message, actionId) {
  return message.blocks.some((block) => block.elements?.some((element) => element.action_id === actionId));
}

/** Tells whether the bot was started anew while this page was open. The page may miss how it went and came. */
function makeReturn() {
  let first = 0;
  return (state) => {
    const starts = state.get("world")?.bot.starts ?? 0;
    first ||= starts;
    return starts > first;
  };
}
