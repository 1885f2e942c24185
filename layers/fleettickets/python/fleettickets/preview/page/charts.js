// Small charts in SVG. Each says in words what it shows, and has its numbers as a table.

const CHART = { width: 560, height: 220, left: 46, right: 12, top: 12, bottom: 26 };
const PLOT = { width: CHART.width - CHART.left - CHART.right, height: CHART.height - CHART.top - CHART.bottom };

/** 1, 2, 2.5 or 5 times a power of ten, so that about four steps reach `most`. */
function niceStep(most) {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

/** A card with a title, a sentence, the drawing and its table. */
function chartCard({ title, note, says, drawing, legend, table }) {
  return h("figure", { class: "card chart" },
    h("figcaption", {}, h("h3", {}, title), h("p", {}, note)),
    legend ? h("ul", { class: "legend" }, legend.map(({ name, kind }) => h("li", { class: kind }, name))) : null,
    h("div", { class: "drawing", role: "img", "aria-label": says }, drawing),
    h("details", { class: "numbers" }, h("summary", {}, "Numbers"), table));
}

function tableOf(heads, rows) {
  const row = (cells) => h("tr", {}, cells.map((cell, at) => (at === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell))));
  return h("div", { class: "scroll", tabindex: "0" }, h("table", {},
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map(row))));
}

/** Bars and lines over days.
 *  @param days  text of each day, on the x axis
 *  @param series  `{name, kind, shape: line|area|bar, values}`; null is a gap, `dashed` marks days */
function dayChart({ days, series, format = number }) {
  const most = Math.max(1, ...series.flatMap(({ values }) => values.filter((value) => value !== null)));
  const step = niceStep(most);
  const top = Math.ceil(most / step) * step;
  const slot = PLOT.width / days.length;
  const x = (at) => CHART.left + slot * (at + 0.5);
  const y = (value) => CHART.top + PLOT.height * (1 - value / top);
  const drawing = svg("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, "aria-hidden": "true" }, axes({ days, top, step, x, y, format }));
  const bars = series.filter(({ shape }) => shape === "bar");
  series.forEach((one) => drawing.append(...(one.shape === "bar" ? barsOf(one, { bars, slot, x, y }) : lineOf(one, { x, y }))));
  drawing.append(readout({ days, series, slot, x, format }));
  return drawing;
}

function axes({ days, top, step, x, y, format }) {
  const parts = [];
  for (let value = 0; value <= top + step / 2; value += step) {
    parts.push(svg("line", { class: "grid", x1: CHART.left, x2: CHART.width - CHART.right, y1: y(value), y2: y(value) }));
    parts.push(svg("text", { class: "tick", x: CHART.left - 7, y: y(value), "text-anchor": "end", "dominant-baseline": "middle" }, format(value)));
  }
  const every = Math.ceil(days.length / 7);
  days.forEach((text, at) => {
    if ((days.length - 1 - at) % every === 0) parts.push(svg("text", { class: "tick", x: x(at), y: CHART.height - 8, "text-anchor": "middle" }, text));
  });
  return parts;
}

function barsOf({ kind, values }, { bars, slot, x, y }) {
  const width = Math.max(1.5, (slot * 0.72) / bars.length);
  const offset = (bars.findIndex((bar) => bar.kind === kind) - bars.length / 2) * width;
  return values.map((value, at) => svg("rect", { class: `bar ${kind}`, x: x(at) + offset, y: y(value ?? 0), width: width * 0.92, height: y(0) - y(value ?? 0), rx: Math.min(2, width / 3) }));
}

function lineOf({ kind, shape, values, dashed = [] }, { x, y }) {
  const parts = [];
  for (const run of runsOf(values, dashed)) {
    const path = run.points.map((at, index) => `${index ? "L" : "M"}${x(at).toFixed(1)} ${y(values[at]).toFixed(1)}`).join("");
    const [first, last] = [run.points[0], run.points.at(-1)];
    if (shape === "area") parts.push(svg("path", { class: `fill ${kind}`, d: `${path}L${x(last)} ${y(0)}L${x(first)} ${y(0)}z` }));
    parts.push(svg("path", { class: `line ${kind} ${run.isDashed ? "dashed" : ""}`, d: path }));
    if (run.points.length === 1) parts.push(svg("circle", { class: `dot ${kind}`, cx: x(first), cy: y(values[first]), r: 2.5 }));
  }
  return parts;
}

/** Stretches without a gap and of one kind of stroke; neighbours share the point between them. */
function runsOf(values, dashed) {
  const runs = [];
  let run = null;
  values.forEach((value, at) => {
    const isDashed = Boolean(dashed[at]);
    if (value === null || value === undefined) { run = null; return; }
    if (run && run.isDashed !== isDashed) run.points.push(at);
    if (!run || run.isDashed !== isDashed) runs.push((run = { isDashed, points: [] }));
    run.points.push(at);
  });
  return runs;
}

/** What the numbers of a day are, while the pointer is over it. */
function readout({ days, series, slot, x, format }) {
  const line = svg("line", { class: "cursor", y1: CHART.top, y2: CHART.height - CHART.bottom, visibility: "hidden" });
  const text = svg("text", { class: "readout", y: CHART.top + 2, "dominant-baseline": "hanging" });
  const ground = svg("rect", { class: "sensor", x: CHART.left, y: 0, width: PLOT.width, height: CHART.height });
  ground.addEventListener("pointermove", (event) => {
    const box = ground.getBoundingClientRect();
    const at = Math.min(days.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * days.length)));
    const isRight = at > days.length / 2;
    for (const end of ["x1", "x2"]) line.setAttribute(end, x(at));
    line.setAttribute("visibility", "visible");
    text.setAttribute("x", x(at) + (isRight ? -slot / 2 - 4 : slot / 2 + 4));
    text.setAttribute("text-anchor", isRight ? "end" : "start");
    text.textContent = [days[at], ...series.map(({ name, values }) => `${name} ${values[at] === null ? NONE : format(values[at])}`)].join(" · ");
  });
  ground.addEventListener("pointerleave", () => {
    text.textContent = "";
    line.setAttribute("visibility", "hidden");
  });
  return svg("g", {}, line, text, ground);
}

/** Horizontal bars of parts, a row a name.
 *  @param rows  `{name, parts: [{kind, count}], aside}` */
function rowChart(rows, onRow) {
  const most = Math.max(1, ...rows.map(({ parts }) => parts.reduce((sum, { count }) => sum + count, 0)));
  return h("div", { class: "row-chart" }, rows.map(({ name, label, parts, aside }) => h("button", { type: "button", class: "row", onclick: () => onRow(name), title: "Show these on the map" },
    h("span", { class: "row-name" }, quoted(label)),
    barOf(parts, most),
    h("span", { class: "row-aside" }, aside))));
}

function barOf(parts, most) {
  let at = 0;
  const rects = parts.filter(({ count }) => count > 0).map(({ kind, count }) => {
    const rect = svg("rect", { class: `bar ${kind}`, x: (at / most) * 100, width: (count / most) * 100, y: 0, height: 10 });
    at += count;
    return rect;
  });
  return svg("svg", { class: "row-bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, rects);
}
