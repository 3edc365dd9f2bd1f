// The list of channels at the left: which there are, which one is open, what is unread.

import { h, icon, keyed, shallowEqual } from "./dom.js";
import { channelsOf } from "./workspace.js";

/** The signs of icons.css for the kinds of channels. */
export const SIGNS = { public: "hash", private: "lock", direct: "voice" };
const KINDS = { public: "", private: " (private)", direct: " (direct message)" };

/** Returns the function that draws the channels. */
export function mountChannels(root, { openChannel }) {
  const name = h("p", { class: "workspace-name" });
  const rooms = h("ul", { class: "channel-list", "aria-label": "Channels" });
  const people = h("ul", { class: "channel-list", "aria-label": "Direct messages" });
  root.append(name, heading("Channels"), rooms, heading("Direct messages"), people);
  return (state, view) => {
    name.textContent = state.get("workspace").name;
    const items = channelsOf(state).map((channel) => itemOf(channel, view));
    const list = (ul, isShown) =>
      keyed(ul, items.filter(isShown), ({ id }) => id, (item) => makeItem(item, openChannel), shallowEqual);
    list(rooms, ({ kind }) => kind !== "direct");
    list(people, ({ kind }) => kind === "direct");
  };
}

function heading(text) {
  return h("h2", { class: "channels-heading" }, text);
}

function itemOf(channel, { channel: open, unread }) {
  return { ...channel, isOpen: channel.id === open, unread: unread.get(channel.id) ?? 0 };
}

function makeItem({ id, name, kind, archived, isOpen, unread }, openChannel) {
  return h(
    "li",
    null,
    h(
      "button",
      {
        type: "button",
        class: `channel${unread ? " is-unread" : ""}`,
        "aria-current": isOpen && "page",
        dataset: { focus: "channel" },
        onClick: () => openChannel(id),
      },
      icon(SIGNS[kind]),
      h("span", { class: "channel-name" }, name),
      h("span", { class: "unseen" }, KINDS[kind]),
      archived && h("span", { class: "channel-archived" }, icon("archived"), "archived"),
      unread > 0 && h("span", { class: "badge" }, String(unread), h("span", { class: "unseen" }, " unread")),
    ),
  );
}
