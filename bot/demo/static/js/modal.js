// The reader's open modal, as a dialog above the page.

import { h, icon } from "./dom.js";
import { draw, parsePlain } from "./mrkdwn.js";
import { focusAgain, homeOf } from "./surfaces.js";
import { contextOfView, drawView } from "./views.js";

/** Returns the function that draws it. `namesOf(state)` is what texts need, see mrkdwn.js. */
export function mountModal({ ask }, namesOf) {
  let shown = null;
  let closed = null;

  function close() {
    closed = shown.id;
    leave();
    ask({ do: "close_modal", view_id: closed });
  }

  function leave() {
    const { dialog, opener } = shown;
    shown = null;
    dialog.close();
    dialog.remove();
    // What had the focus may have been drawn anew meanwhile: then the browser could not return it.
    if (document.activeElement === document.body) focusAgain(opener);
  }

  return (state) => {
    const modal = state.get("modal");
    if (shown && shown.id !== modal?.id) leave();
    if (!modal || modal.id === closed) return;
    shown ??= open(modal, close);
    drawTexts(shown, modal);
    drawView(shown.surface, modal, contextOfView("modal", modal, namesOf(state), ask));
  };
}

function open({ id }, close) {
  const opener = homeOf(document.activeElement);
  const title = h("h2", { id: "modal-title", tabindex: "-1", autofocus: true });
  const cross = h("button", { type: "button", class: "icon-button", onClick: close }, icon("close"));
  const surface = h("div", { class: "modal-view", tabindex: "-1", "aria-live": "polite" });
  const body = h("div", { class: "modal-body", role: "group", tabindex: "0", "aria-labelledby": title.id }, surface);
  const button = h("button", { type: "button", class: "button", onClick: close });
  const box = h(
    "div",
    { class: "modal-box" },
    h("header", { class: "modal-head" }, title, cross),
    body,
    h("footer", { class: "modal-foot" }, button),
  );
  const dialog = h("dialog", { class: "modal", "aria-labelledby": title.id }, box);
  // Escape; a dialog that was closed by a button is gone by then.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return { id, dialog, opener, title, cross, surface, button };
}

function drawTexts({ title, cross, button }, modal) {
  title.replaceChildren(...draw(parsePlain(modal.title)));
  button.textContent = modal.close;
  cross.setAttribute("aria-label", modal.close);
}
