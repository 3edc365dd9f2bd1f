// The question that Slack asks before a button with a confirmation is pressed.

import { h, icon } from "./dom.js";
import { draw, parsePlain } from "./mrkdwn.js";

/** Asks; resolves to whether the answer was yes. Slack's four texts are already checked. */
export function isConfirmed({ title, text, confirm, deny, style }) {
  return new Promise((resolve) => {
    const answer = (value) => () => dialog.close(value);
    const dialog = h(
      "dialog",
      {
        class: "confirm",
        "aria-labelledby": "confirm-title",
        "aria-describedby": "confirm-text",
        onClick: closeOnBackdrop,
      },
      h(
        "div",
        { class: "confirm-box" },
        h("h2", { id: "confirm-title" }, shown(title)),
        h(
          "button",
          { type: "button", class: "icon-button", "aria-label": "Close", onClick: answer("") },
          icon("close"),
        ),
        h("p", { id: "confirm-text" }, shown(text)),
        h(
          "div",
          { class: "confirm-answers" },
          h("button", { type: "button", class: "button", onClick: answer("") }, shown(deny)),
          h(
            "button",
            { type: "button", class: `button ${style ?? "primary"}`, autofocus: true, onClick: answer("yes") },
            shown(confirm),
          ),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function shown(text) {
  return draw(parsePlain(text.text, text));
}

// The box fills the dialog: a click on the dialog itself is one on its backdrop.
function closeOnBackdrop({ target, currentTarget }) {
  if (target === currentTarget) currentTarget.close("");
}
