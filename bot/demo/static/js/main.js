// Puts the parts of the page together: what is open, and when to draw.

import { correctAddress, goTo, placeInAddress, watchAddress } from "./address.js";
import { mountChannels } from "./channels.js";
import { mountConversation, namesOf } from "./conversation.js";
import { speak } from "./dates.js";
import { ask, connect, state } from "./live.js";
import { mountModal } from "./modal.js";
import { drawPanel } from "./panel.js";
import { mountTabs } from "./tabs.js";
import { mountThread } from "./thread.js";
import { markRead, seeAll, unreadCounts } from "./unread.js";
import { channelsOf, titleOf } from "./workspace.js";

const part = (id) => document.getElementById(id);
const workspace = part("workspace");
const view = { channel: null, isHome: false, thread: null, newSince: null, tab: "messages", unread: new Map() };

const actions = { ask, openChannel, openHome, openThread, closeThread, openTab };
const drawings = [
  mountChannels(part("channels"), actions),
  mountConversation(part("conversation"), actions),
  mountThread(part("thread"), actions),
  mountTabs(part("tabs"), actions),
  mountModal(actions, (now) => namesOf(now, actions)),
];
const MINUTE = 60_000;
let isDue = false;
let instance = null;

connect(onChange, showStatus);
watchAddress(() => show(placeInAddress()));
document.addEventListener("visibilitychange", draw);
// "Today" is another day after midnight.
setInterval(onChange, MINUTE);

function onChange() {
  if (isDue) return;
  isDue = true;
  // A hidden tab gets no frames, but its title is seen.
  if (document.hidden) setTimeout(draw);
  else requestAnimationFrame(draw);
}

function draw() {
  isDue = false;
  if (!state.has("workspace") || isOtherDemo()) return;
  speak(state.get("workspace").language);
  settle();
  workspace.dataset.view = view.tab;
  workspace.toggleAttribute("data-thread", view.thread !== null);
  countUnread();
  for (const drawPart of drawings) drawPart(state, view);
  drawPanel(part("panel"), state, ask);
  document.title = titleOf(state, view);
}

/** The demo can start anew while the page is open: then so does the page, and nothing of the old one stays. */
function isOtherDemo() {
  instance ??= state.get("workspace").instance;
  if (state.get("workspace").instance === instance) return false;
  location.reload();
  return true;
}

function settle() {
  seeAll(state);
  if (!state.has(`channel/${view.channel}`)) openFirst();
  correctAddress(view);
  if (view.thread && !state.has(`message/${view.channel}/${view.thread}`)) view.thread = null;
}

function countUnread() {
  if (isConversationVisible()) markRead(state, view.channel);
  view.unread = unreadCounts(state);
}

function openFirst() {
  const named = placeInAddress();
  if (state.has(`channel/${named?.channel}`)) return enter(named);
  enter({ channel: channelsOf(state)[0]?.id ?? null, isHome: false });
}

/** Opens a place. Slack tells the app when somebody opens one of its tabs. */
function enter({ channel, isHome }) {
  const isApps = state.get(`channel/${channel}`)?.kind === "direct";
  const newSince = isHome ? null : markRead(state, channel);
  Object.assign(view, { channel, isHome: isHome && isApps, thread: null, newSince });
  if (isApps) ask({ do: "open_home", tab: view.isHome ? "home" : "messages" });
}

function isConversationVisible() {
  return document.visibilityState === "visible" && part("conversation").checkVisibility() && !view.isHome;
}

function openChannel(channel) {
  go({ channel, isHome: false });
}

function openHome(channel) {
  go({ channel, isHome: true });
}

function go(place) {
  goTo(place);
  show(place);
}

function show(place) {
  const isOther = place?.channel !== view.channel || place.isHome !== view.isHome;
  if (isOther && state.has(`channel/${place?.channel}`)) enter(place);
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
