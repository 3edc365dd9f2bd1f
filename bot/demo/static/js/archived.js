// What stands in the place of the composer where nobody can post: why, and the way out.

import { h } from "./dom.js";

/** Makes it, hidden. `unarchive()` resolves to an error or null. */
export function mountArchived(unarchive) {
  const button = h("button", { type: "button", class: "button", onClick: ask }, "Unarchive");
  const error = h("p", { class: "composer-error", role: "alert", hidden: true });
  const why = h("p", null, "This channel is archived: nobody can post in it.");
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

  return { element, focus: () => button.focus({ preventScroll: true }) };
}
