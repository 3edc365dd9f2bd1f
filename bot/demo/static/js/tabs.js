// The tab bar at the bottom of a phone's screen, where one part of the page is shown at a time.

import { h, icon, keyed, shallowEqual } from "./dom.js";

const TABS = [
  { tab: "channels", label: "Channels", sign: "hash" },
  { tab: "messages", label: "Messages", sign: "reply" },
  { tab: "jobs", label: "Jobs", sign: "voice" },
];

/** Returns the function that draws the tabs. */
export function mountTabs(root, { openTab }) {
  return (_, { tab: open, channel, unread }) => {
    const isUnread = {
      channels: [...unread.keys()].some((id) => id !== channel),
      messages: unread.has(channel),
      jobs: false,
    };
    const items = TABS.map((entry) => ({ ...entry, isOpen: entry.tab === open, isUnread: isUnread[entry.tab] }));
    keyed(root, items, ({ tab }) => tab, (item) => makeTab(item, openTab), shallowEqual);
  };
}

function makeTab({ tab, label, sign, isOpen, isUnread }, openTab) {
  return h(
    "button",
    {
      type: "button",
      class: "tab",
      "aria-current": isOpen && "page",
      dataset: { focus: "tab" },
      onClick: () => openTab(tab),
    },
    h("span", { class: "tab-sign" }, icon(sign)),
    label,
    isUnread && h("span", { class: "tab-dot" }, h("span", { class: "unseen" }, " (unread)")),
  );
}
