// What the reader has seen of each channel, for as long as the page is open.

import { channelsOf, isNote, standingIn } from "./workspace.js";

const lastSeen = new Map();
let isBegun = false;

/** What is there when the page is loaded counts as read; a channel that comes later begins unread. */
export function seeAll(state) {
  if (isBegun) return;
  isBegun = true;
  for (const { id } of channelsOf(state)) markRead(state, id);
}

/** Marks a channel as read; returns the ts up to which it was read before, or null if nothing was new. */
export function markRead(state, channel) {
  const before = lastSeen.get(channel) ?? "";
  const last = standingIn(state, channel).at(-1)?.ts ?? "";
  if (last <= before) return null;
  lastSeen.set(channel, last);
  return before;
}

/** The number of unread messages of each channel that has any. */
export function unreadCounts(state) {
  const counts = channelsOf(state).map(({ id }) => [id, unreadIn(state, id)]);
  return new Map(counts.filter(([, count]) => count > 0));
}

function unreadIn(state, channel) {
  const me = state.get("workspace").me.id;
  const isNew = (entry) => entry.ts > (lastSeen.get(channel) ?? "") && !isNote(entry) && entry.author !== me;
  return standingIn(state, channel).filter(isNew).length;
}
