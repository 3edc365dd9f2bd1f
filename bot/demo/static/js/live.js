// The connection to the demo: its state as it is now, and requests with their answers.

/** What the demo told, by key. A value that did not change keeps its identity, after a reconnect as well. */
export const state = new Map();

const LONGEST_PAUSE = 5000;
const NO_ANSWER = "The demo does not answer.";

const waiting = new Map();
let socket = null;
let requests = 0;

/** Connects, again and again when that is lost. `onStatus` gets "connected" or "lost". */
export function connect(onChange, onStatus, pause = 250) {
  socket = new WebSocket(new URL("/live", location.href.replace(/^http/, "ws")));
  let longer = Math.min(pause * 2, LONGEST_PAUSE);
  socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(data);
    if ("done" in frame) return answer(frame.done, frame.error);
    longer = 250;
    apply(frame);
    if (frame.fresh) onStatus("connected");
    onChange();
  });
  socket.addEventListener("close", () => {
    for (const id of [...waiting.keys()]) answer(id, NO_ANSWER);
    onStatus("lost");
    setTimeout(connect, pause, onChange, onStatus, longer);
  });
}

/** Sends a request; resolves to null, or to a sentence that says what went wrong. */
export async function ask(request) {
  if (socket?.readyState !== WebSocket.OPEN) return NO_ANSWER;
  const id = ++requests;
  socket.send(JSON.stringify({ id, ...request }));
  return new Promise((resolve) => waiting.set(id, resolve));
}

function answer(id, error) {
  waiting.get(id)?.(error ?? null);
  waiting.delete(id);
}

function apply({ fresh, set, drop = [] }) {
  const before = new Map(state);
  if (fresh) state.clear();
  for (const key of drop) state.delete(key);
  for (const [key, value] of Object.entries(set)) state.set(key, same(before.get(key), value));
}

function same(old, value) {
  return JSON.stringify(old) === JSON.stringify(value) ? old : value;
}
