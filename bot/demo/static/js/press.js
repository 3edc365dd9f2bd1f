// Pressing a button of a message or view. It may be drawn anew before the answer is there, so what is told of a
// press is told at the button that is there then.

import { isConfirmed } from "./confirm.js";
import { h } from "./dom.js";
import { controlIn, controlsLike, focusAgain, homeOf, surfaceIn } from "./surfaces.js";

const LONGEST_STAY = 10_000;

const waiting = new Set();

/** Lets `button` wait if a press of it waits for its answer. `place` names its message or view. */
export function resume(button, place) {
  if (waiting.has(nameOf(button, place))) setBusy(button, true);
}

/** Asks first if that is wanted; then opens the button's address, if it has one, and sends the press. */
export async function press(pressed, { confirm, url }, { place, send }) {
  const name = nameOf(pressed, place);
  if (waiting.has(name)) return;
  const home = homeOf(pressed);
  if (confirm && !(await isAgreed(confirm, home))) return;
  if (confirm && url) open(url, "_blank", "noopener,noreferrer");
  waiting.add(name);
  setAllBusy(home, true);
  const error = await send();
  waiting.delete(name);
  setAllBusy(home, false);
  showError(home, error);
}

async function isAgreed(confirm, home) {
  const answer = await isConfirmed(confirm);
  focusAgain(home);
  return answer;
}

function nameOf({ dataset }, place) {
  return `${place} ${dataset.focus}`;
}

function setAllBusy(home, isBusy) {
  for (const button of controlsLike(home)) setBusy(button, isBusy);
}

// Not `disabled`: a disabled button loses the focus.
function setBusy(button, isBusy) {
  button.setAttribute("aria-busy", isBusy);
  button.setAttribute("aria-disabled", isBusy);
}

function showError(home, error) {
  const surface = surfaceIn(home);
  const block = controlIn(home)?.closest(".block") ?? surface?.querySelector(".message-content") ?? surface;
  for (const old of (surface ?? home.list.parentElement).querySelectorAll(".press-error")) old.remove();
  if (!error) return;
  const said = h("p", { class: "press-error", role: "alert" }, error);
  if (block) block.append(said);
  else showBelow(home.list, said);
}

function showBelow(list, said) {
  list.closest(".scroller")?.append(said);
  setTimeout(() => said.remove(), LONGEST_STAY);
}
