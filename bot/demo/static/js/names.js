// PURE. Names from outside, as they may stand in a line of the page.

const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
const NAMELESS = "Voice without a name";

/** What a voice is called. Signs that reorder what stands around them are left out. */
export function voiceName(name) {
  return (name ?? "").replace(BIDI_CONTROLS, "").trim() || NAMELESS;
}
