// The jobs of the simulated MetaStudio: a card for each, what can be done to it, and a form for new ones.

import { h, keyed } from "./dom.js";
import { voiceName } from "./names.js";
import { valuesUnder } from "./workspace.js";

const MANY = 6;
const LONGEST_LABEL = 80;
const LONGEST_NAME = 64;

const TURNS = {
  in_progress: { icon: "◔", words: "With MetaStudio" },
  waits: { icon: "➜", words: "Your turn" },
  well: { icon: "✓", words: "Ended well" },
  badly: { icon: "✕", words: "Failed" },
  unknown: { icon: "?", words: "May need you" },
};

/** Where a job is that is at none of the steps. */
const ASIDE = { badly: "Failed before the last step", other: "Between two steps" };

export function makeJobs(deed) {
  const heading = h("h3", { tabindex: "-1" }, "Jobs");
  const none = h("p", { class: "soft" }, "There are no jobs. Make one here:");
  const list = h("ul", { class: "jobs", role: "list" });
  const fold = makeFold(list);
  const draw = (state) => {
    const jobs = jobsOf(state);
    const hadFocus = list.contains(document.activeElement);
    drawCards(list, jobs, deed);
    fold(jobs.length > MANY);
    none.hidden = jobs.length > 0;
    // The card with the focus was deleted: who moves by keyboard shall not start at the top of the page again.
    if (hadFocus && !list.contains(document.activeElement)) heading.focus();
  };
  return { element: h("section", { class: "part" }, heading, list, none, makeForm(deed)), draw };
}

function jobsOf(state) {
  return valuesUnder(state, "job/").sort((one, other) => one.position - other.position);
}

const drawersOf = new WeakMap();

function drawCards(list, jobs, deed) {
  // A card is kept whatever changes in its job, since it brings itself in line: a press goes on undisturbed.
  keyed(list, jobs, (job) => job.job_id, (job) => makeCard(job, deed), () => true);
  jobs.forEach((job, place) => drawersOf.get(list.children[place])(job));
}

// Cards are folded when they become many, and not again: a card that a person opened stays open.
function makeFold(list) {
  const met = new WeakSet();
  let were = false;
  return (areMany) => {
    for (const card of list.children) {
      const isDue = areMany !== were || !met.has(card);
      if (isDue) card.firstChild.open = !areMany || card.contains(document.activeElement);
      met.add(card);
    }
    were = areMany;
  };
}

function makeCard({ job_id, voice_name, steps }, deed) {
  const name = voiceName(voice_name);
  const turn = h("span", { class: "turn" });
  const label = h("span", { class: "job-label" });
  const path = makePath(steps);
  const buttons = makeButtons(job_id, shortened(name), deed);
  const card = h("li", { class: "job" },
    h("details", { open: true },
      h("summary", {},
        h("strong", { class: "job-name", dir: "auto", title: name }, name),
        h("span", { class: "job-standing" }, turn, label)),
      path.element,
      makeId(job_id, shortened(name), deed.tell),
      buttons.element));
  let drawn = null;
  drawersOf.set(card, (job) => {
    if (job === drawn) return;
    drawn = job;
    card.dataset.phase = job.phase;
    drawTurn(turn, job.phase);
    label.textContent = job.label === turnOf(job.phase).words ? "" : job.label;
    label.title = job.state;
    path.draw(job);
    buttons.draw(job);
  });
  return card;
}

function shortened(name) {
  const signs = [...name];
  return signs.length > LONGEST_LABEL ? `${signs.slice(0, LONGEST_LABEL).join("")}…` : name;
}

function turnOf(phase) {
  return TURNS[phase] ?? TURNS.unknown;
}

function drawTurn(turn, phase) {
  const { icon, words } = turnOf(phase);
  turn.replaceChildren(h("span", { "aria-hidden": "true" }, icon), ` ${words}`);
}

function makePath(steps) {
  const dots = steps.map((step, place) => h("li", { title: `${place + 1}. ${step}` }));
  const words = h("p", { class: "step soft" });
  // The words say what the dots show; eight list items for each job would be a lot to listen to.
  const element = h("div", {}, h("ol", { class: "path", "aria-hidden": "true" }, dots), words);
  const draw = ({ step, times, phase }) => {
    dots.forEach((dot, place) => (dot.dataset.is = whereIs(place + 1, step)));
    const where = step ? `Step ${step} of ${steps.length}: ${steps[step - 1]}` : ASIDE[phase] ?? ASIDE.other;
    words.textContent = times > 1 ? `${where} · in this state ${times} times` : where;
  };
  return { element, draw };
}

function whereIs(dot, step) {
  if (!step || dot > step) return "ahead";
  return dot === step ? "now" : "past";
}

function makeId(jobId, name, tell) {
  const id = h("code", { title: jobId }, jobId);
  const copy = h("button", { type: "button", class: "quiet", "aria-label": `Copy id of ${name}` }, "Copy id");
  copy.addEventListener("click", async () => {
    const copied = await copyText(id);
    tell(copied ? "Copied" : "The id is selected: copy it with your keyboard");
    copy.textContent = copied ? "Copied" : "Selected";
    setTimeout(() => {
      copy.textContent = "Copy id";
      tell("");
    }, 2000);
  });
  return h("p", { class: "job-id" }, id, copy);
}

async function copyText(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return false;
  }
}

function makeButtons(jobId, name, { press }) {
  const button = (words, kind, label, onclick) =>
    h("button", { type: "button", class: kind, "aria-label": `${label} ${name}`, onclick }, words);
  const ask = (wish) => (event) => press(event.currentTarget, { do: wish, job_id: jobId });
  const next = button("Next state", "button primary", "Next state of", ask("advance"));
  const lookUp = button("Look up", "button", "Look up", () => lookUpJob(jobId));
  const back = button("Send back", "button", "Send back", ask("send_back"));
  const fail = button("Fail", "button", "Fail", ask("fail"));
  const remove = button("Delete", "quiet danger", "Delete", ask("delete"));
  const draw = (job) => {
    allow(next, job.can_advance, "The job is over.");
    allow(back, job.can_send_back, "Only a job in review can be sent back.");
    allow(fail, !job.is_over, "The job is over.");
  };
  return { element: h("p", { class: "job-buttons" }, next, lookUp, back, fail, remove), draw };
}

// Not `disabled`: such a button would drop the focus, and could not be asked why.
function allow(button, isAllowed, reason) {
  button.setAttribute("aria-disabled", String(!isAllowed));
  button.title = isAllowed ? "" : reason;
}

function lookUpJob(jobId) {
  document.dispatchEvent(new CustomEvent("look-up", { detail: { jobId } }));
}

function makeForm({ press, tell }) {
  const limit = h("span", { class: "soft", id: "new-job-limit" }, `${LONGEST_NAME} characters at most`);
  const field = h("input", {
    id: "new-job-name",
    maxlength: String(LONGEST_NAME),
    autocomplete: "off",
    placeholder: "Optional",
    "aria-describedby": limit.id,
  });
  const button = h("button", { class: "button" }, "New job");
  const create = async (event) => {
    event.preventDefault();
    const asked = field.value;
    if (!(await press(button, { do: "new_job", voice_name: asked.trim() }))) return;
    tell("The job is made");
    if (field.value === asked) field.value = "";
  };
  return h("form", { class: "new-job", onsubmit: create },
    h("p", { class: "row apart" }, h("label", { for: "new-job-name" }, "Name of a new voice"), limit),
    h("span", { class: "row" }, field, button));
}
