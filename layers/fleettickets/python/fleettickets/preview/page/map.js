// The map: an outline that needs no network, the tickets on it, and street tiles if asked for.

const KENYA = [[-4.9, 33.8], [5.3, 42]];
const CLOSEST = 18;
const SINGLES_FROM = 16; // from this zoom on, what is still apart is shown apart
const GATHER_PIXELS = 54;
const TILE_PIXELS = 256; // Leaflet's, by which the pixels above are the screen's
const TOWN_ZOOMS = [5, 7, 9];

function newMap(outline) {
  const map = L.map("map", {
    zoomControl: false, attributionControl: false, maxZoom: CLOSEST, minZoom: 5, preferCanvas: true,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches, maxBoundsViscosity: 0.8,
  });
  L.control.zoom({ position: "bottomright" }).addTo(map);
  L.control.attribution({ position: "bottomleft", prefix: false }).addAttribution("Outline: Natural Earth").addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  map.fitBounds(KENYA);
  const drawBase = drawOutline(map, outline);
  return { map, drawBase };
}

/** @returns a function that draws the outline anew, in the colours of the moment */
function drawOutline(map, outline) {
  map.createPane("outline").style.zIndex = 150;
  map.createPane("towns").style.zIndex = 160;
  const renderer = L.canvas({ pane: "outline", padding: 0.6 });
  const layer = L.geoJSON(outline.features.filter(({ geometry }) => geometry.type !== "Point"), { renderer, interactive: false });
  layer.addTo(map);
  const towns = outline.features.filter(({ geometry }) => geometry.type === "Point").map(toTown);
  const showTowns = () => towns.forEach(({ label, rank }) => (map.getZoom() >= TOWN_ZOOMS[rank - 1] ? label.addTo(map) : label.remove()));
  map.on("zoomend", showTowns);
  showTowns();
  const redraw = () => {
    const colours = getComputedStyle(document.documentElement);
    const colour = (name) => colours.getPropertyValue(`--map-${name}`).trim();
    layer.setStyle(({ properties: { kind } }) => ({ fillColor: colour(kind), fillOpacity: 1, color: colour("border"), weight: kind === "home" ? 1.8 : 0.8, stroke: kind !== "lake" }));
    layer.eachLayer((part) => part.feature.properties.kind !== "land" && part.bringToFront());
    layer.eachLayer((part) => part.feature.properties.kind === "lake" && part.bringToFront());
  };
  redraw();
  return redraw;
}

function toTown({ geometry, properties }) {
  const [longitude, latitude] = geometry.coordinates;
  const icon = L.divIcon({ className: "town", html: h("span", {}, properties.name), iconSize: [0, 0] });
  return { rank: properties.rank, label: L.marker([latitude, longitude], { icon, pane: "towns", interactive: false, keyboard: false }) };
}

/** Half a name under a marker is no name. */
function hideCoveredTowns(pins) {
  const boxes = pins.map((pin) => pin.getBoundingClientRect());
  const names = [...document.querySelectorAll(".town span")].map((name) => ({ name, box: name.getBoundingClientRect() }));
  const isApart = (a, b) => a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
  for (const { name, box } of names) name.classList.toggle("covered", !boxes.every((pin) => isApart(pin, box)));
}

/** Street tiles come from a server of others: nothing asks for them before the reader does. */
function offerTiles(map, { url, attribution }) {
  const host = new URL(url).host.replaceAll(/\{.\}\.?/g, "");
  byId("tile-host").textContent = host;
  const layer = L.tileLayer(url, { maxZoom: CLOSEST, maxNativeZoom: 19, attribution: h("span", {}, attribution).innerHTML });
  byId("tiles").addEventListener("change", ({ target }) => (target.checked ? layer.addTo(map) : layer.remove()));
}

/** Shows `sites` gathered by zoom: rings with sums, single tickets as shapes, areas as circles. */
class TicketLayer {
  constructor(map, onSite) {
    this.map = map;
    this.onSite = onSite;
    this.shown = new Map();
    this.areas = L.layerGroup().addTo(map);
    map.createPane("areas").classList.add("areas"); // see-through as a whole: areas that overlap do not add up
    this.areaRenderer = L.svg({ pane: "areas", padding: 0.5 });
    map.on("moveend", () => this.refresh());
  }

  show(sites) {
    this.sites = sites;
    this.index = new Supercluster({
      radius: GATHER_PIXELS, extent: TILE_PIXELS, maxZoom: SINGLES_FROM - 1, minPoints: 2,
      map: ({ at }) => ({ ...sites[at].counts, areas: sites[at].tier === "cluster" ? sites[at].counts.total : 0 }),
      reduce: (sums, more) => { for (const name of Object.keys(more)) sums[name] += more[name]; },
    });
    this.index.load(sites.map(({ longitude, latitude }, at) => ({
      type: "Feature", properties: { at }, geometry: { type: "Point", coordinates: [longitude, latitude] },
    })));
    for (const marker of this.shown.values()) marker.remove();
    this.shown.clear();
    this.refresh();
  }

  refresh() {
    if (!this.index) return;
    const bounds = this.map.getBounds().pad(0.25);
    const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    const found = new Map(this.index.getClusters(box, Math.round(this.map.getZoom())).map((feature) => [keyOf(feature), feature]));
    for (const [key, marker] of this.shown) {
      if (found.has(key)) continue;
      marker.remove();
      this.shown.delete(key);
    }
    this.areas.clearLayers();
    for (const [key, feature] of found) {
      if (!this.shown.has(key)) this.shown.set(key, this.toMarker(feature).addTo(this.map));
      if (!feature.properties.cluster) this.drawArea(this.sites[feature.properties.at]);
    }
    hideCoveredTowns([...this.shown.values()].map((marker) => marker.getElement()));
  }

  toMarker(feature) {
    const [longitude, latitude] = feature.geometry.coordinates;
    const marker = feature.properties.cluster ? gathered(feature.properties) : single(this.sites[feature.properties.at]);
    const layer = L.marker([latitude, longitude], { icon: marker.icon, riseOnHover: true, zIndexOffset: marker.count });
    const open = () => (feature.properties.cluster ? this.open(feature) : this.onSite(this.sites[feature.properties.at]));
    layer.on("click", open);
    layer.on("keypress", ({ originalEvent }) => originalEvent.key === "Enter" && open());
    layer.on("add", () => {
      const element = layer.getElement();
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", marker.label);
      element.dataset.count = marker.count;
      element.title = marker.label;
    });
    return layer;
  }

  open(feature) {
    const [longitude, latitude] = feature.geometry.coordinates;
    this.map.setView([latitude, longitude], this.index.getClusterExpansionZoom(feature.properties.cluster_id));
  }

  /** How well the place is known, as a circle of that many metres: an area is never a point. */
  drawArea({ tier, accuracy, longitude, latitude }) {
    if (!accuracy || tier === "feed") return;
    this.areas.addLayer(L.circle([latitude, longitude], { radius: accuracy, className: "area", interactive: false, renderer: this.areaRenderer }));
  }

  /** The one area that a popup is about, until that closes. */
  outlineArea({ accuracy, longitude, latitude, counts }) {
    this.outlined?.remove();
    if (!accuracy) return;
    const worst = STATE_NAMES.find((name) => counts[name] > 0);
    this.outlined = L.circle([latitude, longitude], { radius: accuracy, className: `outlined ${worst}`, interactive: false, renderer: svgRenderer() }).addTo(this.map);
    this.map.once("popupclose", () => this.outlined.remove());
  }
}

let looseRenderer = null;
const svgRenderer = () => (looseRenderer ??= L.svg({ padding: 0.5 })); // SVG, for colours from the style sheet

const keyOf = ({ id, properties }) => (properties.cluster ? `c${id}` : `s${properties.at}`);

function gathered(sums) {
  const size = Math.min(72, 34 + Math.log2(sums.total) * 3.2);
  const loose = sums.areas > 0 ? `; ${number(sums.areas)} of them known by area only` : "";
  return { icon: roundIcon(donut(sums, size), size, "gathered"), label: `${countsInWords(sums)}${loose}. Zoom in`, count: sums.total };
}

function single(site) {
  const [first] = site.tickets;
  const name = `${STATES[first.state].word}, ${first.ticket_id}, ${tierOf(first).word.toLowerCase()}`;
  if (site.tier !== "cluster" && site.tickets.length === 1) {
    return { icon: roundIcon(glyph(first.state, 28), 28, "one"), label: name, count: 1 };
  }
  const size = Math.min(64, 32 + Math.log2(site.counts.total) * 3.2);
  const place = site.tier === "cluster" ? `Somewhere in ${first.cluster}` : `At ${first.location_name ?? first.cluster}`;
  const kind = site.tier === "cluster" ? "by-area" : "together";
  return { icon: roundIcon(donut(site.counts, size), size, kind), label: `${place}: ${countsInWords(site.counts)}`, count: site.counts.total };
}

function roundIcon(image, size, kind) {
  return L.divIcon({ className: `pin ${kind}`, html: image, iconSize: [size, size], iconAnchor: [size / 2, size / 2], popupAnchor: [0, -size / 2] });
}
