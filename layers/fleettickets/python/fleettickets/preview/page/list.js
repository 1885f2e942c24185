// The list beside the map: the text alternative of its markers, and the answer to "what is near?".

const PAGE = 40;
const NEAREST = 10;

class TicketList {
  constructor(onTicket) {
    this.onTicket = onTicket;
    byId("more").addEventListener("click", () => this.extend());
  }

  /** The chosen tickets, what is open for longest first. */
  showAll(tickets, title) {
    this.fill(title, tickets.toSorted(byUrgency), (ticket) => ({ ticket, aside: urgency(ticket) }));
  }

  /** The nearest open tickets to a place; how well each one's place is known is part of the answer. */
  showNearest(found) {
    this.fill("Nearest open", found, ({ ticket, metres }) => ({ ticket, metres, aside: howFar(ticket, metres) }));
  }

  fill(title, entries, describe) {
    this.entries = entries;
    this.describe = describe;
    byId("list-title").textContent = title;
    byId("rows").replaceChildren();
    this.extend();
  }

  extend() {
    const rows = byId("rows");
    const next = this.entries.slice(rows.children.length, rows.children.length + PAGE);
    rows.append(...next.map((entry) => this.toRow(this.describe(entry))));
    byId("more").hidden = rows.children.length >= this.entries.length;
    if (this.entries.length === 0) rows.append(h("li", { class: "empty" }, "No ticket fits. Clear a filter?"));
  }

  toRow({ ticket, aside, metres }) {
    const place = [ticket.location_name, ticket.cluster].find((name) => name) ?? "no place named";
    return h("li", {}, h("button", { type: "button", "data-ticket": ticket.ticket_id, "data-metres": metres?.toFixed(1), onclick: () => this.onTicket(ticket) },
      glyph(ticket.state, 20),
      h("span", { class: "unseen" }, `${STATES[ticket.state].word}: `),
      h("span", { class: "what" }, quoted(ticket.ticket_id), h("small", {}, quoted(place))),
      h("span", { class: "aside" }, aside, h("small", {}, tierOf(ticket).word))));
  }
}

function urgency(ticket) {
  if (!ticket.is_open) return `closed ${age(ticket.closed_at)} ago`;
  return ticket.hours_open === null ? "no clock" : span(Math.round(ticket.hours_open) * 60);
}

function howFar(ticket, metres) {
  const { accuracy_metres: accuracy } = ticket;
  if (accuracy > metres) return `within ${distance(accuracy + metres)}`;
  return accuracy > metres / 20 ? `${distance(metres)} ± ${distance(accuracy)}` : distance(metres);
}
