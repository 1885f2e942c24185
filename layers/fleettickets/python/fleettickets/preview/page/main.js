// Puts the page together, and answers what the reader does.

const FIRST_WINDOW = "last_7_days";

class Page {
  constructor(payloads, { map, drawBase }) {
    this.payloads = payloads;
    this.tickets = ticketsOf(payloads);
    this.choice = newChoice(FIRST_WINDOW);
    this.map = map;
    this.drawBase = drawBase;
    this.layer = new TicketLayer(map, (site) => this.popUp(site));
    this.list = new TicketList((ticket) => this.goTo(ticket));
  }

  start() {
    showAges(this.payloads);
    showPipeline(this.payloads);
    showFooter(this.payloads);
    this.offerWindows();
    this.listen();
    this.pickWindow(this.choice.window);
    this.refresh();
    this.showAll();
    byId("reading").remove();
    document.documentElement.dataset.ready = "yes";
    performance.mark("tickets shown");
  }

  // --- what is chosen ------------------------------------------------------------------------

  get metrics() { return this.payloads.metrics[this.choice.window].metrics; }

  get period() { return this.payloads.metrics[this.choice.window].window; }

  offerWindows() {
    const names = Object.keys(this.payloads.metrics);
    byId("window").replaceChildren(...names.map((name) => h("option", { value: name, selected: name === this.choice.window }, words(WINDOW_WORDS[name]))));
  }

  pickWindow(name) {
    this.choice.window = name;
    showFigures(this.metrics, name);
    showCharts(this.payloads.series.series, this.metrics, name, (filter, value) => this.pick(filter, value));
  }

  /** Narrow the map to one value of a filter, from a chart. */
  pick(filter, value) {
    this.choice[filter] = value;
    this.refresh();
    byId("map").scrollIntoView({ block: "center", behavior: "smooth" });
  }

  refresh() {
    const fitting = choose(this.tickets, this.choice, this.period);
    this.shown = fitting.filter(({ state }) => this.choice.states.has(state));
    this.layer.show(sitesOf(this.shown));
    this.offerFilters(fitting);
    this.offerStates(countStates(fitting));
    this.list.showAll(this.shown, this.choice.show === "closed" ? "Last closed" : "Longest open");
    byId("shown").textContent = `${plural(this.shown.length, "ticket")} on the map${this.leftOut()}`;
  }

  /** What fits but has no coordinate; known only while no filter narrows it. */
  leftOut() {
    const isNarrowed = Object.keys(FILTERS).some((name) => this.choice[name] !== null) || this.choice.states.size < STATE_NAMES.length;
    const open = this.choice.show === "closed" ? 0 : this.payloads.map.summary.without_coordinate;
    return open > 0 && !isNarrowed ? `, ${number(open)} open without a coordinate` : "";
  }

  /** Each filter's values, with how many tickets of the other filters' choice they would leave. */
  offerFilters(fitting) {
    for (const [name, valueOf] of Object.entries(FILTERS)) {
      const others = this.choice[name] === null ? fitting : choose(this.tickets, { ...this.choice, [name]: null }, this.period);
      const options = tally(others, valueOf).map(([value, count]) => h("option", { value: `=${value}` }, `${value === UNNAMED ? "none named" : value} (${number(count)})`));
      byId(name).replaceChildren(h("option", { value: "" }, "All"), ...options);
      byId(name).value = this.choice[name] === null ? "" : `=${this.choice[name]}`;
      if (byId(name).value === "" && this.choice[name] !== null) byId(name).append(h("option", { value: `=${this.choice[name]}`, selected: true }, `${this.choice[name]} (0)`));
    }
    for (const button of document.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", button.dataset.show === this.choice.show);
  }

  offerStates(counts) {
    byId("states").replaceChildren(...STATE_NAMES.filter((name) => (name === "closed" ? this.choice.show !== "open" : this.choice.show !== "closed")).map((name) => {
      const isOn = this.choice.states.has(name);
      return h("button", { type: "button", class: `state ${name}`, "aria-pressed": String(isOn), "data-state": name, title: STATES[name].note, onclick: () => this.toggle(name) },
        glyph(name), `${STATES[name].word} `, h("b", {}, number(counts[name])));
    }), h("span", { class: "key" }, h("i", { class: "key-area" }), "shaded: a ticket may be anywhere in it"));
  }

  toggle(state) {
    const { states } = this.choice;
    if (!states.delete(state)) states.add(state);
    this.refresh();
    document.querySelector(`[data-state="${state}"]`).focus();
  }

  clear() {
    this.choice = { ...newChoice(this.choice.window), show: this.choice.show };
    this.refresh();
  }

  // --- the map -------------------------------------------------------------------------------

  showAll() {
    const points = this.shown.map(({ latitude, longitude }) => [latitude, longitude]);
    this.map.fitBounds(points.length > 0 ? L.latLngBounds(points) : KENYA, { padding: [40, 40], maxZoom: 13 });
  }

  popUp(site, wanted = null) {
    this.map.closePopup();
    this.layer.outlineArea(site);
    L.popup({ maxWidth: 320, minWidth: 240, maxHeight: 300, offset: [0, -8], autoPanPaddingTopLeft: [10, 58] })
      .setLatLng([site.latitude, site.longitude]).setContent(sitePopup(site, wanted)).openOn(this.map);
    this.moveFocus();
  }

  /** Into the popup for whoever came by keyboard, and back to where they came from after it. */
  moveFocus() {
    const origin = document.activeElement;
    if (!origin.matches(":focus-visible")) return;
    const popup = document.querySelector(".leaflet-popup-content");
    popup.tabIndex = -1;
    popup.focus({ preventScroll: true });
    this.map.once("popupclose", () => origin.isConnected && origin.focus({ preventScroll: true }));
  }

  goTo(ticket) {
    const site = this.layer.sites.find(({ tickets }) => tickets.includes(ticket));
    const around = L.latLng(ticket.latitude, ticket.longitude).toBounds(Math.max(2.4 * (ticket.accuracy_metres ?? 0), 1500));
    this.map.fitBounds(around, { animate: false });
    this.popUp(site, ticket);
  }

  seek(isOn) {
    byId("seek").setAttribute("aria-pressed", String(isOn));
    byId("hint").hidden = !isOn;
    byId("map").classList.toggle("seeking", isOn);
    if (isOn) return;
    this.here?.remove();
    this.refresh();
  }

  findNear({ lat, lng }) {
    this.here?.remove();
    this.here = L.circleMarker([lat, lng], { radius: 7, className: "here", interactive: false, renderer: svgRenderer() }).addTo(this.map);
    this.list.showNearest(nearest(this.shown, { latitude: lat, longitude: lng }, NEAREST));
    byId("shown").textContent = `to ${lat.toFixed(4)}, ${lng.toFixed(4)}; as the crow flies`;
  }

  // --- events --------------------------------------------------------------------------------

  listen() {
    for (const name of Object.keys(FILTERS)) byId(name).addEventListener("change", ({ target }) => {
      this.choice[name] = target.value === "" ? null : target.value.slice(1);
      this.refresh();
    });
    for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => {
      this.choice.show = button.dataset.show;
      this.refresh();
    });
    byId("window").addEventListener("change", ({ target }) => { this.pickWindow(target.value); this.refresh(); });
    byId("clear").addEventListener("click", () => this.clear());
    byId("home").addEventListener("click", () => this.showAll());
    byId("seek").addEventListener("click", ({ target }) => this.seek(target.getAttribute("aria-pressed") !== "true"));
    byId("centre").addEventListener("click", () => this.findNear(this.map.getCenter()));
    byId("map").addEventListener("keydown", ({ key }) => key === "Escape" && this.map.closePopup());
    byId("theme").addEventListener("click", () => this.switchTheme());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.drawBase());
    this.map.on("click", ({ latlng }) => byId("seek").getAttribute("aria-pressed") === "true" && this.findNear(latlng));
  }

  switchTheme() {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    this.drawBase();
  }
}

/** Draw what needs no tickets, let the browser show it, then read them. */
async function run() {
  const outline = JSON.parse(byId("outline").textContent);
  const settings = JSON.parse(byId("settings").textContent);
  const base = newMap(outline);
  offerTiles(base.map, settings.tiles);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  new Page(await readPayloads(), base).start();
}

run().catch((error) => {
  byId("reading").textContent = "DecompressionStream" in window ? `This page is broken: ${error.message}` : "This browser is too old for this page: one of 2023 or later reads it.";
  throw error;
});
