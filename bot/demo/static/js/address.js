// What is open, in the page's address: a reload comes back to it, and Back leads to what was open before. A place is
// a `channel`, and with `isHome` the app's Home tab there instead of the messages.

const START = "#/";
const HOME = "/home";

/** The place that the address names, or null. */
export function placeInAddress() {
  if (!location.hash.startsWith(START)) return null;
  const named = location.hash.slice(START.length);
  const isHome = named.endsWith(HOME);
  return { channel: isHome ? named.slice(0, -HOME.length) : named, isHome };
}

/** Lets the address name a place, without a step in the browser's history. */
export function correctAddress(place) {
  if (!isNamed(place)) history.replaceState(null, "", addressOf(place));
}

/** Lets the address name a place, as one step further. */
export function goTo(place) {
  if (!isNamed(place)) history.pushState(null, "", addressOf(place));
}

/** Calls `onMove` when Back, Forward or a person changed the address. */
export function watchAddress(onMove) {
  addEventListener("popstate", onMove);
}

function isNamed(place) {
  return location.hash === addressOf(place);
}

function addressOf({ channel, isHome }) {
  return `${START}${channel}${isHome ? HOME : ""}`;
}
