// The payloads, and which of their tickets the reader asked for.

/** Read the JSON that the page carries, gzip in base64.
 *  @returns what `fleettickets.jobs.preview` names */
async function readPayloads() {
  const holder = byId("payloads");
  const packed = atob(holder.textContent);
  holder.remove();
  const bytes = new Uint8Array(packed.length);
  for (let at = 0; at < packed.length; at += 1) bytes[at] = packed.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** What the map and the list work on: one flat object a ticket. */
function ticketsOf({ map, closed }) {
  const open = rowsOf(map.features).map((row) => toTicket(row, true));
  return [...open, ...rowsOf(closed.features).map((row) => toTicket(row, false))];
}

/** Rows from columns; see `fleettickets.preview.columns`. */
function rowsOf({ count, columns }) {
  const rows = Array.from({ length: count }, () => ({}));
  for (const [name, { values, words: distinct, at }] of Object.entries(columns)) {
    rows.forEach((row, index) => { row[name] = values ? values[index] : distinct[at[index]]; });
  }
  return rows;
}

function toTicket(row, isOpen) {
  row.is_open = isOpen;
  row.state = stateOf(row);
  row.closed_ms = row.closed_at ? Date.parse(row.closed_at) : null;
  return row;
}

const UNNAMED = "";

const FILTERS = {
  cluster: (ticket) => ticket.cluster ?? UNNAMED,
  team: (ticket) => ticket.assigned_team ?? UNNAMED,
  status: (ticket) => ticket.normalized_status ?? UNNAMED,
};

/** The reader's choice; null in a filter means all. */
function newChoice(windowName) {
  return { show: "open", window: windowName, cluster: null, team: null, status: null, states: new Set(STATE_NAMES) };
}

/** @param period `{from_at, to_at}` as the dashboard's payload says what its window is */
function choose(tickets, choice, period) {
  const [from, to] = [Date.parse(period.from_at), Date.parse(period.to_at)];
  const isInTime = (ticket) => {
    if (ticket.is_open) return choice.show !== "closed";
    return choice.show !== "open" && ticket.closed_ms >= from && ticket.closed_ms < to;
  };
  const names = Object.keys(FILTERS).filter((name) => choice[name] !== null);
  return tickets.filter((ticket) => isInTime(ticket) && names.every((name) => FILTERS[name](ticket) === choice[name]));
}

/** How many tickets have each value of a filter, the most frequent first. */
function tally(tickets, valueOf) {
  const counts = new Map();
  for (const ticket of tickets) counts.set(valueOf(ticket), (counts.get(valueOf(ticket)) ?? 0) + 1);
  return [...counts].toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b));
}

function countStates(tickets) {
  const counts = { total: tickets.length, breached: 0, at_risk: 0, within: 0, unknown: 0, closed: 0 };
  for (const ticket of tickets) counts[ticket.state] += 1;
  return counts;
}

/** What is open for longest comes first, then what was closed last. */
function byUrgency(a, b) {
  return (b.hours_open ?? -1) - (a.hours_open ?? -1) || (b.closed_ms ?? 0) - (a.closed_ms ?? 0) || (a.ticket_id < b.ticket_id ? -1 : 1);
}

/** Tickets at one and the same point, of one tier: the smallest thing that the map can show. */
function sitesOf(tickets) {
  const sites = new Map();
  for (const ticket of tickets) {
    const key = `${ticket.longitude},${ticket.latitude},${ticket.geo_source}`;
    const site = sites.get(key);
    if (site) site.tickets.push(ticket);
    else sites.set(key, { key, tier: ticket.geo_source, longitude: ticket.longitude, latitude: ticket.latitude, accuracy: ticket.accuracy_metres, tickets: [ticket] });
  }
  const list = [...sites.values()];
  for (const site of list) site.counts = countStates(site.tickets);
  return list;
}

const EARTH_METRES = 6_371_008.8;

/** Great-circle distance in metres. */
function metresBetween(a, b) {
  const turn = Math.PI / 180;
  const [north, east] = [(b.latitude - a.latitude) * turn, (b.longitude - a.longitude) * turn];
  const bow = Math.sin(north / 2) ** 2 + Math.cos(a.latitude * turn) * Math.cos(b.latitude * turn) * Math.sin(east / 2) ** 2;
  return 2 * EARTH_METRES * Math.asin(Math.sqrt(bow));
}

/** The open tickets nearest to a place, each with its distance in metres; of one distance, what is
 *  open for longest comes first, as in `reporting.fn_nearest_open_tickets`. */
function nearest(tickets, place, limit) {
  return tickets.filter((ticket) => ticket.is_open)
    .map((ticket) => ({ ticket, metres: metresBetween(place, ticket) }))
    .toSorted((a, b) => a.metres - b.metres || byUrgency(a.ticket, b.ticket))
    .slice(0, limit);
}
