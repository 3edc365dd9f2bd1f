// Moments in the reader's time zone: Slack's date tokens, times of day, days.

const LANGUAGE = "en-US";
const TWELVE_HOURS = new Intl.DateTimeFormat([], { hour: "numeric" }).resolvedOptions().hour12;
const SPANS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

const formatter = (options) => {
  const format = new Intl.DateTimeFormat(LANGUAGE, { hour12: TWELVE_HOURS, ...options });
  return (date) => format.format(date);
};
const shortDay = formatter({ month: "short", day: "numeric" });
const monthName = formatter({ month: "long" });
const weekday = formatter({ weekday: "long" });
const clock = formatter({ hour: "numeric", minute: "2-digit" });
const clockWithSeconds = formatter({ hour: "numeric", minute: "2-digit", second: "2-digit" });
const everything = formatter({ dateStyle: "full", timeStyle: "long" });
const HALF_A_YEAR = 183 * 86_400_000;
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "always" });

const TOKENS = {
  date_num: (date) => isoDay(date),
  date: (date) => ordinalDay(date) + farYear(date),
  date_short: (date) => shortDay(date) + farYear(date),
  date_long: (date) => longDay(date) + farYear(date),
  date_pretty: (date) => nearDay(date) ?? TOKENS.date(date),
  date_short_pretty: (date) => nearDay(date) ?? TOKENS.date_short(date),
  date_long_pretty: (date) => nearDay(date) ?? TOKENS.date_long(date),
  time: (date) => clock(date),
  time_secs: (date) => clockWithSeconds(date),
  ago: (date) => ago(date),
};

/** The moment of a message: its ts is epoch seconds with a fraction. */
export function dateOf(ts) {
  return new Date(Number(ts) * 1000);
}

/** Fills Slack's date tokens into a format; a token that Slack does not know stays as it is. */
export function fillTokens(format, date) {
  return format.replace(/\{(\w+)\}/g, (written, token, place) => {
    if (!Object.hasOwn(TOKENS, token)) return written;
    const filled = TOKENS[token](date);
    return place === 0 ? capitalized(filled) : filled;
  });
}

export function timeOfDay(date) {
  return clock(date);
}

/** The whole moment in words, for a tooltip. */
export function fullDate(date) {
  return everything(date);
}

/** What a day divider says: "Today", "Yesterday", or the day's long name. */
export function dayName(date) {
  const near = nearDay(date);
  return near ? capitalized(near) : longDay(date) + year(date);
}

/** The same string for all moments of one day. */
export function isoDay(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function ordinalDay(date) {
  return `${monthName(date)} ${ordinal(date.getDate())}`;
}

function longDay(date) {
  return `${weekday(date)}, ${ordinalDay(date)}`;
}

function year(date) {
  return `, ${date.getFullYear()}`;
}

// As in Slack: within about half a year, everybody knows which year is meant.
function farYear(date) {
  return Math.abs(date - Date.now()) < HALF_A_YEAR ? "" : year(date);
}

function capitalized(words) {
  return words[0].toUpperCase() + words.slice(1);
}

function ordinal(day) {
  const isTeen = day >= 11 && day <= 13;
  return `${day}${(!isTeen && { 1: "st", 2: "nd", 3: "rd" }[day % 10]) || "th"}`;
}

function nearDay(date) {
  const days = { [-1]: "yesterday", 0: "today", 1: "tomorrow" };
  const distance = Object.keys(days).find((away) => isoDay(date) === isoDay(dayAway(Number(away))));
  return days[distance] ?? null;
}

// By the calendar, not by 24 hours: a day on which the clocks change is shorter or longer.
function dayAway(days) {
  const day = new Date();
  day.setHours(12, 0, 0, 0);
  day.setDate(day.getDate() + days);
  return day;
}

function ago(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const [unit, length] = SPANS.find(([, span]) => Math.abs(seconds) >= span) ?? SPANS.at(-1);
  return relative.format(Math.trunc(seconds / length), unit);
}
