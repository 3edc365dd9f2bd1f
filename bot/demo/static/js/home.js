// The app's Home tab: what it published for the reader, and the tabs between that and the messages.

import { h, keyed, shallowEqual } from "./dom.js";
import { contextOfView, drawView } from "./views.js";

/** Makes the tabs and the Home tab's pane; both are hidden until an app's conversation is open. */
export function mountHome({ ask, openHome, openChannel }) {
  const tabs = h("nav", { class: "app-tabs", hidden: true });
  const surface = h("div", { class: "home-view", tabindex: "-1" });
  const nothing = h("p", { class: "home-nothing soft" });
  const live = h("div", { "aria-live": "polite" }, surface, nothing);
  const element = h("div", { class: "pane-body home", role: "region", tabindex: "0", hidden: true }, live);

  function drawTabs({ id, name }, { isHome, unread }) {
    tabs.setAttribute("aria-label", `Tabs of ${name}`);
    const items = [
      { label: "Home", isOpen: isHome, unread: 0 },
      { label: "Messages", isOpen: !isHome, unread: unread.get(id) ?? 0 },
    ];
    const make = (item) => makeTab(item, () => (item.label === "Home" ? openHome(id) : openChannel(id)));
    keyed(tabs, items, ({ label }) => label, make, shallowEqual);
  }

  function draw(state, view, names) {
    const channel = state.get(`channel/${view.channel}`);
    tabs.hidden = channel.kind !== "direct";
    element.hidden = !view.isHome;
    if (!tabs.hidden) drawTabs(channel, view);
    if (!view.isHome) return;
    const home = state.get("home");
    element.setAttribute("aria-label", `Home of ${channel.name}`);
    surface.hidden = !home;
    nothing.textContent = home ? "" : nothingYet(channel.name, state.get("world").bot.state);
    if (home) drawView(surface, home, contextOfView("home", home, names, ask));
  }

  return { tabs, element, draw, focus: () => element.focus({ preventScroll: true }) };
}

function nothingYet(name, bot) {
  const because = bot === "running" ? "" : ` It is not running: start it beside here, and open this tab again.`;
  return `${name} has put nothing here yet.${because}`;
}

function makeTab({ label, isOpen, unread }, onClick) {
  return h(
    "button",
    { type: "button", class: "app-tab", "aria-current": isOpen && "page", dataset: { focus: "app tab" }, onClick },
    label,
    unread > 0 && h("span", { class: "badge" }, String(unread), h("span", { class: "unseen" }, " unread")),
  );
}
