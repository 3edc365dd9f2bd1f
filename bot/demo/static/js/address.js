// The open channel in the page's address: a reload comes back to it, and Back leads to the one before.

const START = "#/";

/** The id of the channel that the address names, or null. */
export function channelInAddress() {
  return location.hash.startsWith(START) ? location.hash.slice(START.length) : null;
}

/** Lets the address name a channel, without a step in the browser's history. */
export function correctAddress(channel) {
  if (channel !== channelInAddress()) history.replaceState(null, "", START + channel);
}

/** Lets the address name a channel, as one step further. */
export function goTo(channel) {
  if (channel !== channelInAddress()) history.pushState(null, "", START + channel);
}

/** Calls `onMove` when Back, Forward or a person changed the address. */
export function watchAddress(onMove) {
  addEventListener("popstate", onMove);
}
