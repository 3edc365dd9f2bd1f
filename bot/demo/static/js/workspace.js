// Reading channels, messages and people out of the state.

/** The values whose keys begin so. */
export function valuesUnder(state, start) {
  return [...state].filter(([key]) => key.startsWith(start)).map(([, value]) => value);
}

export function channelsOf(state) {
  return valuesUnder(state, "channel/").sort((one, other) => one.position - other.position);
}

/** What stands in a channel, oldest first: messages, replies that were sent to it too, and Slack's own lines. */
export function standingIn(state, channel) {
  const messages = messagesIn(state, channel).filter((message) => !isReply(message) || message.reply_broadcast);
  return inOrder([...messages, ...notesIn(state, channel)]);
}

/** What stands in a thread below its first message. */
export function repliesTo(state, channel, ts) {
  return inOrder(messagesIn(state, channel).filter((message) => isReply(message) && message.thread_ts === ts));
}

/** The replies of all threads of a channel: lists of messages by the ts of their first one. */
export function threadsIn(state, channel) {
  return Map.groupBy(inOrder(messagesIn(state, channel).filter(isCounted)), (message) => message.thread_ts);
}

/** Whether a message is a reply that all can see: Slack counts no others. */
export function isCounted(message) {
  return isReply(message) && !message.only_for_me;
}

export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

export function isNote(entry) {
  return "kind" in entry;
}

/** What somebody is called, or null. */
export function nameOf({ people }, user) {
  return Object.hasOwn(people, user) ? people[user] : null;
}

/** A channel as Slack writes it in a sentence: `#voices`, or just the name of who one talks with. */
export function nameOfChannel(channel) {
  return channel.kind === "direct" ? channel.name : `#${channel.name}`;
}

/** The title of the browser's tab. */
export function titleOf(state, { channel, isHome, unread }) {
  const total = [...unread.values()].reduce((sum, count) => sum + count, 0);
  const open = state.get(`channel/${channel}`);
  return `${total ? `(${total}) ` : ""}${open ? `${nameOfChannel(open)}${isHome ? " Home" : ""} · ` : ""}${state.get("workspace").name}`;
}

function messagesIn(state, channel) {
  return valuesUnder(state, `message/${channel}/`);
}

function notesIn(state, channel) {
  return valuesUnder(state, "note/").filter((note) => note.channel === channel);
}

function inOrder(entries) {
  return entries.sort((one, other) => (one.ts < other.ts ? -1 : Number(one.ts > other.ts)));
}
