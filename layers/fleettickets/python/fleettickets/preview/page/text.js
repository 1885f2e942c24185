// What people read: numbers, times in EAT, durations, distances, and elements that hold them.
// Ticket text reaches the page through text nodes only, so whatever it says stays text.

const EAT = "Africa/Nairobi";
const NONE = "–";
const MINUTE = 60_000;

const wholeNumbers = new Intl.NumberFormat("en-GB");
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: EAT, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
});
const calendarDay = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short" });

/** Make an element; a child that is no node becomes text. `data` and `aria-…` are attributes too. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

/** The same for SVG. */
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(element, attributes, children);
  return element;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
}

/** Text from a ticket: set apart, so that its direction of writing turns nothing else around. */
const quoted = (text) => h("bdi", {}, text ?? NONE);

const byId = (id) => document.getElementById(id);

const number = (value) => (value === null || value === undefined ? NONE : wholeNumbers.format(value));

const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

function percent(share) {
  if (share === null || share === undefined) return NONE;
  return `${(share * 100).toFixed(share === 0 || share > 0.9995 ? 0 : 1)} %`;
}

/** "21 Jun 2026, 14:05 EAT" */
const moment = (instant) => (instant ? `${clock.format(new Date(instant))} EAT` : "never");

/** "21 Jun", of a calendar day such as 2026-06-21 */
const day = (text) => calendarDay.format(new Date(`${text}T00:00:00Z`));

/** "3 d 4 h", "4 h 5 min", "5 min" */
function span(minutes) {
  if (minutes === null || minutes === undefined) return NONE;
  const whole = Math.max(0, Math.floor(minutes));
  const [days, hours, rest] = [Math.floor(whole / 1440), Math.floor(whole / 60) % 24, whole % 60];
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return rest > 0 ? `${hours} h ${rest} min` : `${hours} h`;
  return `${rest} min`;
}

const age = (instant) => span((Date.now() - Date.parse(instant)) / MINUTE);

function distance(metres) {
  if (metres < 1000) return `${Math.round(metres)} m`;
  return `${(metres / 1000).toFixed(metres < 10_000 ? 1 : 0)} km`;
}

/** "at_risk" as "At risk" */
function words(name) {
  const text = String(name).replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
