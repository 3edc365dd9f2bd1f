// Messages and views: finding one again, and a control in it, after it was drawn anew.

/** Where a control stands: the name of its message or view, the control's own, and the list that it is in. */
export function homeOf(control) {
  const surface = control?.closest("[data-surface]");
  return {
    surface: surface?.dataset.surface ?? null,
    control: control?.dataset.focus ?? null,
    list: surface?.parentElement ?? null,
  };
}

/** The message or view as it stands in its list now, or none. */
export function surfaceIn({ surface, list }) {
  return [...(list?.children ?? [])].find(({ dataset }) => dataset.surface === surface);
}

/** The control as it stands in its list now, or none. */
export function controlIn(home) {
  return surfaceIn(home)?.querySelector(selectorOf(home)) ?? null;
}

/** The control wherever it stands: the first message of an open thread stands in its channel as well. */
export function controlsLike(home) {
  const surfaces = [...document.querySelectorAll(`[data-surface="${CSS.escape(home.surface)}"]`)];
  return surfaces.map((surface) => surface.querySelector(selectorOf(home))).filter(Boolean);
}

/** Gives the focus to the control, or to what is left of its place. */
export function focusAgain(home) {
  (controlIn(home) ?? surfaceIn(home) ?? home.list?.parentElement)?.focus();
}

function selectorOf({ control }) {
  return `[data-focus="${CSS.escape(control ?? "")}"]`;
}
