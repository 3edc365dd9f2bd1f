// PURE. What a command that is being typed may become.

import { voiceName } from "./names.js";

const MOST = 16;
const JOBS_NOTE = "The jobs are this demo’s: real Slack offers no jobs here.";

/**
 * Offers continuations of what stands before the caret. Each has `insert`, which then stands there instead, a
 * `label`, a `detail` that says what it is, and perhaps a `note` to be shown once below all.
 */
export function complete(text, caret, { workspace, jobs, channel }) {
  const typed = text.slice(0, caret);
  if (!typed.startsWith("/") || typed.includes("\n")) return [];
  const rest = after(workspace.command, typed);
  const offers = rest === null ? commands(typed, workspace, channel) : continuations(rest, workspace, jobs);
  return offers.filter(({ insert }) => insert.trimEnd() !== typed.trimEnd()).slice(0, MOST);
}

/** Says whether a text can be sent as it is, though something could be added to it. */
export function isSendable(text, { workspace, jobs }) {
  if (text === workspace.command) return true;
  const words = text.trim().split(/\s+/);
  if (words[0] !== workspace.command) return !text.startsWith("/") || isOther(text, workspace);
  const verb = verbOf(workspace, words[1]);
  if (verb) return verb.takes === null || isJobOrName(jobs, withoutEnds(words.slice(2), verb.ends));
  return !verbsLike(words.slice(1).join(" "), workspace).length && isJobOrName(jobs, words.slice(1));
}

function withoutEnds(words, ends) {
  return words.length > 1 && ends.includes(words.at(-1)) ? withoutEnds(words.slice(0, -1), ends) : words;
}

// The bot finds a voice by a part of its name as well.
function isJobOrName(jobs, words) {
  const sought = words.join(" ").toLowerCase();
  return sought !== "" && jobs.some((job) => job.job_id === sought || isNamed(job, sought));
}

function isNamed({ voice_name: name }, sought) {
  return (name ?? "").toLowerCase().includes(sought);
}

function isOther(text, { also }) {
  return also.some((other) => other.text === text.trim());
}

function commands(typed, { command, verbs, also }, channel) {
  const own = { insert: `${command} `, label: command, detail: describeCommand(verbs) };
  const others = also.map(({ text, says }) => ({ insert: text, label: text, detail: says }));
  const isFitting = ({ insert }) => channel.kind !== "direct" && insert.startsWith("/invite") !== channel.bot_is_member;
  const fitting = [...others.filter(isFitting), ...others.filter((other) => !isFitting(other))];
  return [own, ...fitting].filter(({ insert }) => insert.startsWith(typed.toLowerCase()));
}

function describeCommand(verbs) {
  return ["a job id or name", ...verbs.map(({ verb }) => verb).filter(Boolean)].join(", ");
}

function continuations(rest, workspace, jobs) {
  const space = rest.indexOf(" ");
  const verb = space > 0 && verbOf(workspace, rest.slice(0, space));
  if (!verb) return verbsAndJobs(rest, workspace, jobs);
  if (!verb.takes) return verbsLike(rest, workspace);
  const argument = rest.slice(space + 1).trimStart();
  const start = `${workspace.command} ${verb.verb} `;
  const end = verb.ends.length ? " " : "";
  return endsLike(argument, start, verb, jobs) ?? jobsLike(argument, start, jobs, end);
}

// Who has typed nothing yet wants a job to look at; the first letters are more often those of a verb.
function verbsAndJobs(rest, workspace, jobs) {
  const verbs = verbsLike(rest, workspace);
  const found = jobsLike(rest, `${workspace.command} `, jobs, "");
  return rest ? [...verbs, ...found] : [...found.slice(0, MOST - verbs.length), ...verbs];
}

function verbsLike(typed, { command, verbs }) {
  return verbs
    .filter(({ verb }) => verb && verb.startsWith(typed.toLowerCase()))
    .map(({ verb, takes, says }) => ({
      insert: `${command} ${verb}${takes ? " " : ""}`,
      label: takes ? `${verb} <${takes}>` : verb,
      detail: says,
    }));
}

function jobsLike(typed, start, jobs, end) {
  const sought = typed.toLowerCase();
  const isLike = (job) => job.job_id.toLowerCase().startsWith(sought) || isNamed(job, sought);
  return [...jobs]
    .sort((one, other) => one.is_over - other.is_over || one.position - other.position)
    .filter(isLike)
    .map((job) => ({
      insert: `${start}${job.job_id}${end}`,
      label: voiceName(job.voice_name),
      detail: `${job.label} · ${job.job_id}`,
      note: JOBS_NOTE,
    }));
}

/** Null where no job is named yet. */
function endsLike(argument, start, { ends }, jobs) {
  const [id, end, ...more] = argument.split(/ +/);
  if (end === undefined || !isJob(jobs, id)) return null;
  if (more.length) return [];
  return ends
    .filter((known) => known.startsWith(end.toLowerCase()))
    .map((known) => ({ insert: `${start}${id} ${known}`, label: known, detail: ENDS[known] }));
}

const ENDS = {
  all: "every change of its state",
  important: "only when the job needs you or finishes",
  me: "in your direct message with the bot",
};

function verbOf({ verbs }, word) {
  return verbs.find(({ verb }) => verb && verb === word?.toLowerCase());
}

function isJob(jobs, id) {
  return jobs.some(({ job_id: known }) => known === id);
}

/** What follows a command, or null where another one is typed. */
function after(command, text) {
  const [word, ...rest] = text.split(" ");
  return word.toLowerCase() === command ? rest.join(" ").trimStart() : null;
}
