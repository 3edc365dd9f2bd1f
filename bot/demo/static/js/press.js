// Pressing a button of a message. The message may be drawn anew before the answer is there, so what is told of a
// press is told at the button that is there then.

import { isConfirmed } from "./confirm.js";
import { h } from "./dom.js";

const LONGEST_STAY = 10_000;

const waiting = new Set();

/** Lets `button` wait if a press of it waits for its answer. `place` names its message. */
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
  (buttonIn(home, home.list) ?? messageIn(home, home.list) ?? home.list.parentElement).focus();
  return answer;
}

function nameOf({ dataset }, place) {
  return `${place} ${dataset.focus}`;
}

function homeOf(pressed) {
  const { ts, channel } = pressed.closest(".message").dataset;
  return { ts, channel, control: pressed.dataset.focus, list: pressed.closest(".message-list") };
}

function messageIn({ ts, channel }, list) {
  return [...list.children].find(({ dataset }) => dataset.ts === ts && dataset.channel === channel);
}

function buttonIn(home, list) {
  return messageIn(home, list)?.querySelector(`[data-focus="${CSS.escape(home.control)}"]`);
}

// The first message of an open thread stands in its channel as well.
function setAllBusy(home, isBusy) {
  const buttons = [...document.querySelectorAll(".message-list")].map((list) => buttonIn(home, list));
  for (const button of buttons.filter(Boolean)) setBusy(button, isBusy);
}

// Not `disabled`: a disabled button loses the focus.
function setBusy(button, isBusy) {
  button.setAttribute("aria-busy", isBusy);
  button.setAttribute("aria-disabled", isBusy);
}

function showError(home, error) {
  const message = messageIn(home, home.list);
  const block = buttonIn(home, home.list)?.closest(".block") ?? message?.querySelector(".message-content");
  for (const old of (message ?? home.list.parentElement).querySelectorAll(".press-error")) old.remove();
  if (!error) return;
  const said = h("p", { class: "press-error", role: "alert" }, error);
  if (block) block.append(said);
  else showBelow(home.list, said);
}

function showBelow(list, said) {
  list.closest(".scroller").append(said);
  setTimeout(() => said.remove(), LONGEST_STAY);
}
