// Making elements, and bringing a list of them in line with what they show.

/** Makes an element. Text is only ever set as text, so nothing in it can become markup. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  element.append(...nodes(children));
  return element;
}

/** Makes one of the signs of icons.css, which say nothing to a screen reader. */
export function icon(sign) {
  return h("span", { class: `icon ${sign}`, "aria-hidden": "true" });
}

/**
 * Brings the children of `parent` in line with `items`. An element whose item is unchanged stays, and with it
 * focus, scroll position and what a screen reader has read. Where a changed one had the focus, the control with
 * the same `data-focus` in the new one gets it.
 */
export function keyed(parent, items, keyOf, make, sameAs = Object.is) {
  const old = new Map([...parent.children].map((child) => [drawn.get(child)?.key, child]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const wanted = items.map((item) => keep(old.get(keyOf(item)), item, sameAs) ?? draw(keyOf(item), item, make));
  const heir = focused && heirOf(focused, parent, wanted);
  arrange(parent, wanted);
  if (heir && document.activeElement !== heir) heir.focus({ preventScroll: true });
}

/** Compares two plain objects by their values, one level deep. */
export function shallowEqual(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.is(one[name], other[name]));
}

const drawn = new WeakMap();

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "dataset") Object.assign(element.dataset, value);
  else if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
  else element.setAttribute(name, value === true ? "" : value);
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

function keep(element, item, sameAs) {
  return element && sameAs(drawn.get(element).item, item) ? element : null;
}

function draw(key, item, make) {
  const element = make(item);
  drawn.set(element, { key, item });
  return element;
}

function heirOf(focused, parent, wanted) {
  const owner = [...parent.children].find((child) => child.contains(focused));
  if (wanted.includes(owner)) return focused;
  const successor = wanted.find((element) => drawn.get(element).key === drawn.get(owner)?.key);
  return successor && (controlLike(focused, successor) ?? successor);
}

function controlLike(focused, element) {
  const { focus } = focused.dataset;
  return focus ? element.querySelector(`[data-focus="${CSS.escape(focus)}"]`) : null;
}

// An element that is moved loses the focus; so what goes is taken out first, and only what is out of place moves.
function arrange(parent, wanted) {
  const staying = new Set(wanted);
  for (const child of [...parent.children]) if (!staying.has(child)) child.remove();
  wanted.forEach((element, place) => {
    if (parent.children[place] !== element) parent.insertBefore(element, parent.children[place] ?? null);
  });
}
