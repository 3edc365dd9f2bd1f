// What a tab remembers of one run of the demo, over a reload.

const PLACE = "done in the demo";

/** Gives the list that was remembered of this instance of the demo. */
export function recall(instance) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PLACE));
    return kept?.instance === instance ? kept.list : [];
  } catch {
    return [];
  }
}

/** Remembers a list, instead of any other. */
export function remember(instance, list) {
  try {
    sessionStorage.setItem(PLACE, JSON.stringify({ instance, list }));
  } catch {
    // A browser may keep nothing: then a reload begins anew.
  }
}
