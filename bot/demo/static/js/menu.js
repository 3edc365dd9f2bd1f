// A menu at a button. The browser itself closes it on Escape and at a press elsewhere, and returns the focus.

import { h } from "./dom.js";
import { controlIn, focusAgain, homeOf } from "./surfaces.js";

const EDGE = 8;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * Opens it at `opener`, a control of a message. Each of `items` has a `label`, perhaps a `detail`, and `choose()`,
 * which gets the opener as it stands then.
 */
export function openMenu(opener, items) {
  const home = homeOf(opener);
  const choose = (item) => {
    menu.hidePopover();
    const control = controlIn(home);
    focusAgain(home);
    if (control) item.choose(control);
  };
  const entries = items.map((item) => makeEntry(item, choose));
  const menu = h("div", { class: "menu", role: "menu", popover: "auto", "aria-label": opener.ariaLabel }, entries);
  menu.addEventListener("keydown", (event) => onKey(event, entries));
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !menu.contains(relatedTarget)) menu.hidePopover();
  });
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState === "closed") menu.remove();
  });
  document.body.append(menu);
  menu.showPopover();
  placeAt(menu, opener.getBoundingClientRect());
  entries[0].focus();
}

function makeEntry(item, choose) {
  return h(
    "button",
    { type: "button", class: "menu-entry", role: "menuitem", tabindex: "-1", onClick: () => choose(item) },
    item.label,
    item.detail && h("span", { class: "menu-detail" }, item.detail),
  );
}

function onKey(event, entries) {
  if (event.key === "Tab") event.currentTarget.hidePopover();
  if (!(event.key in STEPS)) return;
  event.preventDefault();
  const at = entries.indexOf(document.activeElement) + STEPS[event.key];
  entries.at(at % entries.length).focus();
}

function placeAt(menu, { top, bottom, right }) {
  const isBelow = bottom + menu.offsetHeight + EDGE < innerHeight;
  menu.style.top = `${isBelow ? bottom + 2 : Math.max(EDGE, top - menu.offsetHeight - 2)}px`;
  menu.style.left = `${Math.max(EDGE, right - menu.offsetWidth)}px`;
}
