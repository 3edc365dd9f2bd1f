// What stands in the place of the composer where nobody can post: why, and the way out.

import { h } from "./dom.js";

const ARCHIVED = "This channel is archived: nobody can post in it.";
const READ_ONLY = "Sending messages to this app has been turned off. Type its commands in a channel.";

/** Makes it, hidden. `unarchive()` resolves to an error or null. */
export function mountClosed(unarchive) {
  const button = h("button", { type: "button", class: "button", onClick: ask }, "Unarchive");
  const error = h("p", { class: "composer-error", role: "alert", hidden: true });
  const why = h("p", { tabindex: "-1" });
  const element = h("div", { class: "closed-composer", hidden: true }, why, button, error);

  async function ask() {
    if (button.ariaBusy === "true") return;
    show(null);
    button.setAttribute("aria-busy", "true");
    const problem = await unarchive();
    button.removeAttribute("aria-busy");
    show(problem);
  }

  function show(problem) {
    error.textContent = problem ?? "";
    error.hidden = !problem;
  }

  function draw({ isHome, channel: { archived, can_type: canType } }) {
    element.hidden = isHome || canType;
    button.hidden = !archived;
    why.textContent = archived ? ARCHIVED : READ_ONLY;
  }

  return { element, draw, focus: () => (button.hidden ? why : button).focus({ preventScroll: true }) };
}
