// How the world behaves: the speed of the jobs, the moods of MetaStudio and Slack, and whether the bot runs.

import { h } from "./dom.js";

const METASTUDIO = [
  { mood: "fine", label: "Works", says: "MetaStudio answers at once." },
  {
    mood: "slow",
    label: "Slow",
    says: "Each answer takes some seconds. The bot waits for it, 12 seconds at most, and then says why it has none.",
  },
  {
    mood: "down",
    label: "Down",
    says: "Every request gets an error page. A look-up says so. The bot tells later what changed meanwhile.",
  },
];

const SLACK = [
  { mood: "fine", label: "Works", says: "Slack takes every message." },
  {
    mood: "limits",
    label: "Limits",
    says: "Every message gets 429 with Retry-After. The bot keeps it and waits. Answers for you still come.",
  },
  {
    mood: "refuses",
    label: "Refuses",
    says:
      "The workspace’s rules forbid posting in channels (restricted_action). The bot pauses the subscription, " +
      "keeps it, and tells who subscribed in a direct message.",
  },
  {
    mood: "down",
    label: "Down",
    says: "Every message gets 503. The bot keeps it, and tries until Slack is back. Answers for you still come.",
  },
];

const BOT = { starting: "Starting", running: "Running", stopping: "Stopping", stopped: "Stopped", broken: "Broken" };

export function makeMoods(deed) {
  const metastudio = makeChoice("metastudio", "MetaStudio", METASTUDIO, deed);
  const slack = makeChoice("slack", "Slack", SLACK, deed);
  const draw = (state) => {
    const world = state.get("world");
    if (!world) return;
    metastudio.draw(world.metastudio);
    slack.draw(world.slack);
  };
  const heading = h("h3", {}, "Make trouble");
  return { element: h("section", { class: "part" }, heading, metastudio.element, slack.element), draw };
}

/**
 * Keeps what a person chose until the server has it too, or says no. Without it, news of something else that comes
 * in between would set the control back, under the person's hand. `hold` is for a hand that still moves.
 */
function makeWish(send, show) {
  let wish, known;
  const draw = (value) => {
    known = value;
    if (wish === known) wish = undefined;
    show(wish === undefined ? known : wish);
  };
  const hold = (value) => show((wish = value));
  const ask = async (value) => {
    hold(value);
    const done = await send(value);
    if (wish === value) wish = undefined;
    if (!done) draw(known);
  };
  return { draw, hold, ask };
}

function makeChoice(name, legend, choices, { send }) {
  const says = h("p", { class: "soft says", id: `${name}-says`, "aria-live": "polite" });
  const radioOf = ({ mood }) => h("input", { type: "radio", name, value: mood, onchange: () => wish.ask(mood) });
  const radios = choices.map(radioOf);
  const options = choices.map(({ label }, place) => h("label", {}, radios[place], h("span", {}, label)));
  const segments = h("div", { class: "segments" }, options);
  const element = h("fieldset", { "aria-describedby": says.id }, h("legend", {}, legend), segments, says);
  const show = (mood) => {
    for (const radio of radios) radio.checked = radio.value === mood;
    put(says, choices.find((choice) => choice.mood === mood)?.says ?? "");
  };
  const wish = makeWish((mood) => send(element, { do: name, mood }), show);
  return { element, draw: wish.draw };
}

// Text that is set anew is read out anew, even if it is the same.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function makeSpeed({ send }) {
  let speeds = [null];
  const value = h("span", { class: "soft" });
  const slider = h("input", { type: "range", id: "speed", min: "0", step: "1" });
  const show = (seconds) => {
    slider.value = Math.max(0, speeds.indexOf(seconds));
    slider.setAttribute("aria-valuetext", inWords(seconds));
    put(value, inWords(seconds));
  };
  const wish = makeWish((seconds) => send(slider, { do: "speed", seconds }), show);
  slider.addEventListener("input", () => wish.hold(speeds[slider.value]));
  slider.addEventListener("change", () => wish.ask(speeds[slider.value]));
  const draw = (state) => {
    const world = state.get("world");
    if (!world) return;
    speeds = world.speeds;
    slider.max = speeds.length - 1;
    wish.draw(world.seconds_per_step);
  };
  const label = h("label", { for: "speed" }, "Automatic run");
  const element = h("section", { class: "part speed" }, h("p", { class: "row apart" }, label, value), slider);
  return { element, draw };
}

function inWords(seconds) {
  if (seconds === null) return "off";
  return seconds === 1 ? "a state every second" : `a state every ${seconds} seconds`;
}

export function makeBot({ send }) {
  const word = h("strong", {});
  const says = h("p", { class: "soft says" });
  const standing = h("p", { class: "standing", role: "status" }, h("span", { class: "dot" }), word);
  const sendWish = (want) => send(standing, { do: "bot", want });
  const [restart, toggle] = [makeSwitch(sendWish), makeSwitch(sendWish)];
  const draw = (state) => {
    const bot = state.get("world")?.bot;
    if (!bot) return;
    const isDown = bot.state === "stopped" || bot.state === "broken";
    standing.dataset.state = bot.state;
    put(word, BOT[bot.state] ?? bot.state);
    put(says, bot.says);
    drawSwitch(restart, "Restart", bot.state === "running" ? "" : "Only a bot that runs can be restarted.");
    drawSwitch(toggle, isDown ? "Start" : "Stop", bot.state === "stopping" ? "Wait a moment." : "");
  };
  const switches = h("p", { class: "row" }, restart, toggle);
  return { element: h("section", { class: "part" }, h("h3", {}, "The bot"), standing, says, switches), draw };
}

// A wish that waits for its answer keeps off only the same wish: a start can be stopped.
function makeSwitch(send) {
  const waiting = new Set();
  const button = h("button", { type: "button", class: "button" });
  button.addEventListener("click", async () => {
    const { want } = button.dataset;
    if (button.ariaDisabled === "true" || waiting.has(want)) return;
    waiting.add(want);
    await send(want);
    waiting.delete(want);
  });
  return button;
}

function drawSwitch(button, words, whyNot) {
  put(button, words);
  button.dataset.want = words.toLowerCase();
  button.setAttribute("aria-label", `${words} the bot`);
  button.setAttribute("aria-disabled", String(whyNot !== ""));
  button.title = whyNot;
}
