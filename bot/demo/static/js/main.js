// Puts the parts of the page together: what is open, and when to draw.

import { mountChannels } from "./channels.js";
import { mountConversation } from "./conversation.js";
import { ask, connect, state } from "./live.js";
import { drawPanel } from "./panel.js";
import { mountTabs } from "./tabs.js";
import { mountThread } from "./thread.js";
import { markRead, seeAll, unreadCounts } from "./unread.js";
import { channelsOf, titleOf } from "./workspace.js";

const part = (id) => document.getElementById(id);
const workspace = part("workspace");
const view = { channel: null, thread: null, newSince: null, tab: "messages", unread: new Map() };

const actions = { ask, openChannel, openThread, closeThread, openTab };
const drawings = [
  mountChannels(part("channels"), actions),
  mountConversation(part("conversation"), actions),
  mountThread(part("thread"), actions),
  mountTabs(part("tabs"), actions),
];
let isDue = false;

connect(onChange, showStatus);

function onChange() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    draw();
  });
}

function draw() {
  if (!state.has("workspace")) return;
  settle();
  workspace.dataset.view = view.tab;
  workspace.toggleAttribute("data-thread", view.thread !== null);
  countUnread();
  for (const drawPart of drawings) drawPart(state, view);
  drawPanel(part("panel"), state, ask);
  document.title = titleOf(state, view);
}

/** The demo can start anew while the page is open: what was open may be gone. */
function settle() {
  seeAll(state);
  if (!state.has(`channel/${view.channel}`)) openFirst();
  if (view.thread && !state.has(`message/${view.channel}/${view.thread}`)) view.thread = null;
}

function countUnread() {
  if (isConversationVisible()) markRead(state, view.channel);
  view.unread = unreadCounts(state);
}

function openFirst() {
  Object.assign(view, { channel: channelsOf(state)[0]?.id ?? null, thread: null, newSince: null });
}

function isConversationVisible() {
  return document.visibilityState === "visible" && part("conversation").checkVisibility();
}

function openChannel(channel) {
  if (channel !== view.channel) {
    Object.assign(view, { channel, thread: null, newSince: markRead(state, channel) });
  }
  openTab("messages");
}

function openThread(ts) {
  view.thread = ts;
  draw();
}

function closeThread() {
  view.thread = null;
  draw();
}

function openTab(tab) {
  view.tab = tab;
  draw();
}

function showStatus(status) {
  const bar = part("lost");
  bar.hidden = status === "connected";
  bar.textContent = bar.hidden ? "" : "The demo has stopped or is restarting. Trying again…";
}

document.addEventListener("visibilitychange", onChange);
