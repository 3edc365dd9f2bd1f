// Where one types: sends with Enter, offers completions, keeps a draft for each place.

import { h, icon } from "./dom.js";

const MAX_LENGTH = 12000;
const TALLEST = 200;
const MOVES = new Set(["ArrowLeft", "ArrowRight", "Home", "End"]);

/**
 * Makes a composer, hidden until it is known where it writes to. `say(text, context)` resolves to an error or null;
 * after the latter comes `onSaid()`. `complete` and `isSendable` are those of completion.js; without them nothing is
 * offered.
 */
export function mountComposer({ id, say, onSaid, complete = null, isSendable = null }) {
  const drafts = new Map();
  let context = {};
  let key = null;
  let lastSaid = "";
  let offers = [];
  let active = -1;

  const field = h("textarea", {
    id,
    rows: "1",
    maxlength: String(MAX_LENGTH),
    autocomplete: "off",
    enterkeyhint: "send",
    ...(complete && combobox(`${id}-offers`)),
    "aria-describedby": `${id}-error`,
    onInput: onEdit,
    onKeydown: onKey,
    onPointerdown: closeOffers,
    onBlur: closeOffers,
  });
  const list = h("ul", {
    id: `${id}-offers`,
    class: "offers",
    role: "listbox",
    "aria-label": "Suggestions",
    "aria-describedby": `${id}-note`,
  });
  const note = h("p", { id: `${id}-note`, class: "offers-note" });
  const offered = h("div", { class: "offers-box", hidden: true }, list, note);
  const error = h("p", { id: `${id}-error`, class: "composer-error", role: "alert", hidden: true });
  const sendButton = h(
    "button",
    { type: "button", class: "send-button", "aria-label": "Send", onClick: submit },
    icon("send"),
  );
  const box = h("div", { class: "composer-box" }, field, sendButton);
  const element = h("div", { class: "composer", hidden: true }, offered, box, error);

  function onEdit() {
    showError(null);
    fit();
    offer();
  }

  function onKey(event) {
    if (event.isComposing) return;
    const act = offered.hidden ? withoutOffers(event) : withOffers(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  function withoutOffers({ key: pressed, shiftKey }) {
    if (pressed === "Enter" && !shiftKey) return submit;
    if (pressed === "ArrowUp" && !field.value && lastSaid) return () => fill(lastSaid);
    return null;
  }

  function withOffers({ key: pressed, shiftKey }) {
    if (pressed === "ArrowDown") return () => choose((active + 1) % offers.length);
    if (pressed === "ArrowUp") return () => choose((Math.max(active, 0) + offers.length - 1) % offers.length);
    if (pressed === "Escape") return closeOffers;
    if (MOVES.has(pressed)) closeOffers();
    if (pressed === "Tab" && !shiftKey) return () => accept(offers[Math.max(active, 0)]);
    if (pressed === "Enter" && !shiftKey) return active < 0 ? submit : () => accept(offers[active]);
    return null;
  }

  function offer() {
    offers = complete?.(field.value, field.selectionStart, context) ?? [];
    if (!offers.length) return closeOffers();
    list.replaceChildren(...offers.map(drawOffer));
    note.textContent = offers.find((each) => each.note)?.note ?? "";
    offered.hidden = false;
    field.setAttribute("aria-expanded", "true");
    choose(isSendable(field.value, context) ? -1 : 0);
  }

  function drawOffer({ label, detail }, place) {
    return h(
      "li",
      {
        id: `${id}-offer-${place}`,
        class: "offer",
        role: "option",
        // Before the field loses the focus, which would close the list.
        onPointerdown: (event) => event.preventDefault(),
        onClick: () => accept(offers[place]),
      },
      h("span", { class: "offer-label" }, h("bdi", null, label)),
      h("span", { class: "offer-detail" }, detail),
    );
  }

  function choose(place) {
    active = place;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", at === place));
    if (place < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", list.children[place].id);
    list.children[place].scrollIntoView({ block: "nearest" });
  }

  function accept({ insert }) {
    const rest = field.value.slice(field.selectionStart);
    fill(insert + rest, insert.length);
    offer();
  }

  function closeOffers() {
    offered.hidden = true;
    if (complete) field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function fill(text, caret = text.length) {
    field.value = text;
    field.setSelectionRange(caret, caret);
    fit();
  }

  function fit() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, TALLEST)}px`;
    sendButton.classList.toggle("is-ready", field.value.trim() !== "");
  }

  async function submit() {
    // A blank before it is how one posts a text that begins with a slash.
    const text = field.value.trimEnd();
    const place = { key, context };
    if (!text || field.readOnly) return;
    closeOffers();
    field.readOnly = true;
    const problem = await say(text, context);
    field.readOnly = false;
    if (!problem) lastSaid = text;
    finish(place, problem);
  }

  // Another channel may have been opened while the answer was awaited.
  function finish(place, problem) {
    if (place.key !== key) return problem ? null : drafts.delete(place.key);
    if (!problem) {
      fill("");
      onSaid();
    }
    showError(problem);
  }

  function showError(problem) {
    error.textContent = problem ?? "";
    error.hidden = !problem;
    box.classList.toggle("has-error", Boolean(problem));
  }

  function draw({ key: nextKey, placeholder, ...next }) {
    context = next;
    field.placeholder = placeholder;
    field.setAttribute("aria-label", placeholder.replace(/[,…].*/, ""));
    if (nextKey === key) return;
    drafts.set(key, field.value);
    key = nextKey;
    closeOffers();
    showError(null);
    fill(drafts.get(key) ?? "");
  }

  function focus() {
    field.focus({ preventScroll: true });
  }

  /** Sends a text as if it were typed; what was typed indeed stays as it is. */
  async function send(text) {
    const sentFrom = key;
    showError(null);
    const problem = await say(text, context);
    if (sentFrom !== key) return;
    if (!problem) onSaid();
    showError(problem);
  }

  return { element, draw, focus, send };
}

function combobox(list) {
  return { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list };
}
