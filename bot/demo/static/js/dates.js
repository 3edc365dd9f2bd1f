// Moments in the reader's time zone: Slack's date tokens, times of day, days.

const LOCALES = { en: "en-US", zh: "zh-CN" };
const TWELVE_HOURS = new Intl.DateTimeFormat([], { hour: "numeric" }).resolvedOptions().hour12;
const HALF_A_YEAR = 183 * 86_400_000;
const SPANS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const FORMS = {
  short: { month: "short", day: "numeric" },
  shortOfYear: { month: "short", day: "numeric", year: "numeric" },
  date: { month: "long", day: "numeric" },
  dateOfYear: { month: "long", day: "numeric", year: "numeric" },
  long: { weekday: "long", month: "long", day: "numeric" },
  longOfYear: { weekday: "long", month: "long", day: "numeric", year: "numeric" },
  clock: { hour: "numeric", minute: "2-digit" },
  clockWithSeconds: { hour: "numeric", minute: "2-digit", second: "2-digit" },
  everything: { dateStyle: "full", timeStyle: "long" },
};

const SPOKEN = new Map();
let spoken = null;

const TOKENS = {
  date_num: (date) => isoDay(date),
  date: (date) => inForm(farForm("date", date), date),
  date_short: (date) => inForm(farForm("short", date), date),
  date_long: (date) => inForm(farForm("long", date), date),
  date_pretty: (date) => nearDay(date) ?? TOKENS.date(date),
  date_short_pretty: (date) => nearDay(date) ?? TOKENS.date_short(date),
  date_long_pretty: (date) => nearDay(date) ?? TOKENS.date_long(date),
  time: (date) => inForm("clock", date),
  time_secs: (date) => inForm("clockWithSeconds", date),
  ago: (date) => ago(date),
};

speak("en");

/** Sets the language of all that is written of moments: `en` or `zh`. */
export function speak(language) {
  if (!SPOKEN.has(language)) SPOKEN.set(language, wordsIn(language));
  spoken = SPOKEN.get(language);
}

/** Writes what is said of moments during `draw` in another language, and returns what `draw` does. */
export function speaking(language, draw) {
  const before = spoken;
  speak(language);
  try {
    return draw();
  } finally {
    spoken = before;
  }
}

function wordsIn(language) {
  const locale = LOCALES[language];
  const make = (form) => new Intl.DateTimeFormat(locale, { hour12: TWELVE_HOURS, ...form });
  const forms = Object.fromEntries(Object.entries(FORMS).map(([name, form]) => [name, make(form)]));
  const [exact, near] = ["always", "auto"].map((numeric) => new Intl.RelativeTimeFormat(locale, { numeric }));
  return { language, forms, exact, near };
}

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
  return inForm("clock", date);
}

/** The time of a message that no day divider stands above: if it is of another day, with that. */
export function dayAndTime(date) {
  return fillTokens(isoDay(date) === isoDay(new Date()) ? "{time}" : "{date_short_pretty} {time}", date);
}

/** The whole moment in words, for a tooltip. */
export function fullDate(date) {
  return inForm("everything", date);
}

/** What a day divider says: "Today", "Yesterday", or the day's long name. */
export function dayName(date) {
  return fillTokens("{date_long_pretty}", date);
}

/** The same string for all moments of one day. */
export function isoDay(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

// English says "1st" in the long forms; other languages have no such thing.
function inForm(name, date) {
  const parts = spoken.forms[name].formatToParts(date);
  const isOrdinal = spoken.language === "en" && /^(date|long)/.test(name);
  return parts.map(({ type, value }) => (type === "day" && isOrdinal ? ordinal(Number(value)) : value)).join("");
}

// As in Slack: within about half a year, everybody knows which year is meant.
function farForm(name, date) {
  return Math.abs(date - Date.now()) < HALF_A_YEAR ? name : `${name}OfYear`;
}

function capitalized(words) {
  return words[0].toUpperCase() + words.slice(1);
}

function ordinal(day) {
  const isTeen = day >= 11 && day <= 13;
  return `${day}${(!isTeen && { 1: "st", 2: "nd", 3: "rd" }[day % 10]) || "th"}`;
}

function nearDay(date) {
  const distance = [-1, 0, 1].find((away) => isoDay(date) === isoDay(dayAway(away)));
  return distance === undefined ? null : spoken.near.format(distance, "day");
}

// By the calendar, not by 24 hours: a day on which the clocks change is shorter or longer.
function dayAway(days) {
  const day = new Date();
  day.setHours(12, 0, 0, 0);
  day.setDate(day.getDate() + days);
  return day;
}

function ago(date) {
  const seconds = Math.round((date - Date.now()) / 1000) || -0;
  const [unit, length] = SPANS.find(([, span]) => Math.abs(seconds) >= span) ?? SPANS.at(-1);
  return spoken.exact.format(Math.trunc(seconds / length), unit);
}
