// What a ticket says about itself, and how well its place is known.

const TIERS = {
  feed: { word: "Exact", note: "coordinates that came with the ticket" },
  location: { word: "Place", note: "the point of the named place, shared by its tickets" },
  cluster: { word: "Area", note: "only the cluster is known: somewhere in the circle" },
};

const tierOf = (ticket) => TIERS[ticket.geo_source] ?? { word: words(ticket.geo_source ?? "unknown"), note: "" };

const within = (metres) => (metres ? `, within about ${distance(metres)}` : "");

function stateLine(ticket) {
  const { word } = STATES[ticket.state];
  const times = {
    closed: () => `Closed ${moment(ticket.closed_at)}`,
    unknown: () => "Open, since when is not known",
  }[ticket.state] ?? (() => `${word}, open for ${span(ticket.hours_open * 60)}`);
  return h("p", { class: `state-line ${ticket.state}` }, glyph(ticket.state), times());
}

function factsOf(ticket) {
  return [
    ["Cluster", ticket.cluster],
    ["Place", ticket.location_name],
    ["Team", ticket.assigned_team],
    ["Owner", ticket.owner],
    ["Status", ticket.raw_status ?? ticket.normalized_status],
    ["Created", ticket.created_at && moment(ticket.created_at)],
    ["Took", ticket.mttr_minutes && span(ticket.mttr_minutes)],
    ["SLA", ticket.is_open ? null : ticket.sla_status],
    ["Clock", ticket.sla_clock_source === "first_seen_at" ? "since first seen: the feed has no creation time" : null],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
}

/** One ticket in full, as an element. */
function ticketCard(ticket) {
  const tier = tierOf(ticket);
  return h("article", { class: "ticket", "data-ticket": ticket.ticket_id },
    h("h4", {}, quoted(ticket.ticket_id)),
    stateLine(ticket),
    h("dl", {}, factsOf(ticket).map(([name, value]) => [h("dt", {}, name), h("dd", {}, quoted(value))])),
    h("p", { class: "tier" }, h("strong", {}, tier.word), ` ${tier.note}${within(ticket.accuracy_metres)}`));
}

const SITE_LIMIT = 100;

/** All tickets of one point: the one, or a heading and a list to unfold. */
function sitePopup(site, wanted = null) {
  if (site.tickets.length === 1) return ticketCard(site.tickets[0]);
  const sorted = site.tickets.toSorted((a, b) => (b === wanted) - (a === wanted) || byUrgency(a, b));
  const first = sorted[0];
  const isArea = site.tier === "cluster";
  const title = isArea ? ["Somewhere in ", quoted(first.cluster)] : [quoted(first.location_name ?? first.cluster)];
  const hidden = sorted.length - SITE_LIMIT;
  return h("div", { class: "site" },
    h("h4", {}, title),
    h("p", {}, countsInWords(site.counts)),
    h("p", { class: "tier" }, isArea ? `Their cluster is all that is known of where they are${within(site.accuracy)}.` : `They share this point${within(site.accuracy)}.`),
    h("div", { class: "stack" }, sorted.slice(0, SITE_LIMIT).map((ticket) => foldedTicket(ticket, ticket === wanted))),
    hidden > 0 ? h("p", { class: "tier" }, `and ${number(hidden)} more; filters narrow them down`) : null);
}

function foldedTicket(ticket, isUnfolded) {
  const summary = h("summary", {}, glyph(ticket.state, 15), quoted(ticket.ticket_id),
    h("span", { class: "aside" }, ticket.is_open ? span(ticket.hours_open * 60) : "closed"));
  const fold = h("details", { open: isUnfolded }, summary);
  const unfold = () => fold.open && fold.children.length === 1 && fold.append(ticketCard(ticket));
  fold.addEventListener("toggle", unfold);
  unfold();
  return fold;
}
