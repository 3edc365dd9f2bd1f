// What an app shows beside messages: its Home tab and its modals. Both are lists of blocks that the app replaces.

import { drawBlock } from "./blocks.js";
import { speaking } from "./dates.js";
import { keyed } from "./dom.js";
import { languageOf } from "./message.js";

const MAX_BLOCKS = 100;

/**
 * Brings `surface` in line with a view. `context` is as for drawBlocks. A block that stays the same stays in its
 * place; the focus goes to the same control, wherever it is then, or else to the surface.
 */
export function drawView(surface, view, context) {
  const language = languageOf("", view.blocks);
  const focused = surface.contains(document.activeElement) ? document.activeElement : null;
  surface.dataset.surface = context.place;
  surface.lang = language;
  speaking(language, () => {
    const draw = (block) => drawBlock(block, context);
    keyed(surface, view.blocks.slice(0, MAX_BLOCKS), ({ block_id: id }) => id, draw, isSame);
  });
  if (focused && !surface.contains(document.activeElement)) heirOf(focused, surface).focus({ preventScroll: true });
}

/** What presses in a view need. `kind` is `home` or `modal`. */
export function contextOfView(kind, view, names, ask) {
  return {
    names,
    place: `${kind} ${view.id}`,
    press: ({ action_id, value = null }) => ask({ do: "press_view", view_id: view.id, view: kind, action_id, value }),
  };
}

function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

function heirOf({ dataset: { focus } }, surface) {
  return (focus && surface.querySelector(`[data-focus="${CSS.escape(focus)}"]`)) || surface;
}
