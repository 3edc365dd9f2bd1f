// A list that grows at its end: it stays with the newest entry, unless the reader has scrolled away from it.

import { h, icon } from "./dom.js";

const NEAR = 60;
const SETTLED = 500;

/** Makes a scroller of `body`, which holds `list`. */
export function mountScroller(body, list) {
  const jump = h(
    "button",
    { type: "button", class: "jump", hidden: true, onClick: toEnd },
    "New messages",
    icon("down"),
  );
  const element = h("div", { class: "scroller" }, body, jump);
  let shown = null;
  let isAtEnd = true;
  let quiet = 0;

  body.addEventListener("scroll", () => {
    isAtEnd = body.scrollHeight - body.scrollTop - body.clientHeight < NEAR;
    if (isAtEnd) jump.hidden = true;
  });
  new ResizeObserver(stay).observe(body);
  new ResizeObserver(stay).observe(list);

  /** Draws what is called `key`; under another name it is another list, and begins at its end. */
  function update(key, drawList) {
    const isOther = key !== shown;
    const last = list.lastElementChild;
    if (isOther) beQuiet();
    shown = key;
    drawList();
    if (isOther) return toEnd();
    const hasGrown = list.lastElementChild !== last && isNewest(list.lastElementChild, last);
    if (hasGrown && !isAtEnd) jump.hidden = false;
    stay();
  }

  function toEnd() {
    beAtEnd();
    // What else is drawn now may take some of the height: seen from the scrolling, the reader would have left the end.
    requestAnimationFrame(beAtEnd);
  }

  function beAtEnd() {
    isAtEnd = true;
    jump.hidden = true;
    stay();
  }

  function stay() {
    if (isAtEnd) body.scrollTop = body.scrollHeight;
  }

  // A screen reader is told of what is added to a list, but not of a whole list that was opened.
  function beQuiet() {
    body.setAttribute("aria-live", "off");
    clearTimeout(quiet);
    quiet = setTimeout(() => body.setAttribute("aria-live", "polite"), SETTLED);
  }

  return { element, body, update, toEnd };
}

function isNewest(newest, before) {
  return (newest?.dataset.ts ?? "") > (before?.dataset.ts ?? "");
}
