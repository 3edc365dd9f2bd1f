// The panel beside the workspace: puts its parts together, sends what they ask for, and says what went wrong.

import { h } from "./dom.js";
import { makeJobs } from "./jobs.js";
import { makeBot, makeMoods, makeSpeed } from "./moods.js";
import { makeTour } from "./tour.js";

const drawersOf = new WeakMap();

/** Brings the panel in line with the state. Its elements are made once, so nobody loses focus or typed text. */
export function drawPanel(root, state, ask) {
  if (!drawersOf.has(root)) drawersOf.set(root, build(root, ask));
  for (const draw of drawersOf.get(root)) draw(state);
}

function build(root, ask) {
  const heading = h("h2", { tabindex: "-1" }, "Simulated MetaStudio");
  const problem = makeProblem(() => heading.focus());
  const said = h("p", { class: "unseen", role: "status" });
  const tell = (sentence) => (said.textContent = sentence);
  const deed = { ...makeDeeds(ask, problem.show), tell };
  const parts = [makeTour, makeJobs, makeSpeed, makeMoods, makeBot].map((make) => make(deed));
  const head = h("header", { class: "panel-head" }, heading, h("p", { class: "soft" }, INTRODUCTION));
  root.append(problem.element, head, ...parts.map((part) => part.element), said);
  return parts.map((part) => part.draw);
}

const INTRODUCTION =
  "MetaStudio takes days to train a voice. Here you move its jobs on, and see what the bot tells the channels.";

/** What a part does with a request: `send` it, or `press` a button for it. Both resolve to whether it was done. */
function makeDeeds(ask, show) {
  const send = async (control, request) => {
    show("");
    control.setAttribute("aria-busy", "true");
    const error = await ask(request);
    control.removeAttribute("aria-busy");
    if (error) show(error);
    return !error;
  };
  const press = async (button, request) => !isOff(button) && send(button, request);
  return { send, press };
}

function isOff(button) {
  return ["aria-busy", "aria-disabled"].some((name) => button.getAttribute(name) === "true");
}

function makeProblem(afterwards) {
  const sentence = h("p", { role: "alert" });
  const dismiss = () => {
    show("");
    afterwards();
  };
  const props = { type: "button", class: "quiet", "aria-label": "Dismiss the problem", onclick: dismiss };
  const element = h("div", { class: "problem", hidden: true }, sentence, h("button", props, "Dismiss"));
  const show = (error) => {
    sentence.textContent = error;
    element.hidden = !error;
  };
  return { element, show };
}
