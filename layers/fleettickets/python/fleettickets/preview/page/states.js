// The states of a ticket. Each has a colour, a shape and a word: no one of them carries it alone.

const STATES = {
  breached: { word: "Breached", note: "open for longer than the contract allows" },
  at_risk: { word: "At risk", note: "most of the allowed time is gone" },
  within: { word: "Within", note: "there is time left" },
  unknown: { word: "No clock", note: "without a time from which to count" },
  closed: { word: "Closed", note: "closed in the chosen window" },
};
const STATE_NAMES = Object.keys(STATES);

const SHAPES = {
  breached: "M12 2.6 22.4 21H1.6z",
  at_risk: "M12 1.4 22.6 12 12 22.6 1.4 12z",
  within: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19z",
  unknown: "M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8z",
  closed: "M6 3h12a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3z",
};
const MARKS = {
  breached: "M12 9v5.4M12 17.4v.2",
  at_risk: "M12 6.8V12l3.2 2.4",
  within: "m7.6 12.2 3 3 5.8-6",
  unknown: "M9.6 9.7a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2.9-1.2 1.7M12 16.6v.2",
  closed: "M8 12h8",
};

function stateOf(properties) {
  if (!properties.is_open) return "closed";
  return properties.sla_state in STATES ? properties.sla_state : "unknown";
}

/** The state's shape in its colour, as an image of `size` pixels; its word is beside or in a label. */
function glyph(state, size = 18) {
  return svg("svg", { viewBox: "0 0 24 24", width: size, height: size, class: `glyph ${state}`, "aria-hidden": "true" },
    svg("path", { class: "shape", d: SHAPES[state] }), svg("path", { class: "mark", d: MARKS[state] }));
}

/** "12 tickets: 8 breached, 4 within" */
function countsInWords(counts) {
  const parts = STATE_NAMES.filter((name) => counts[name] > 0).map((name) => `${number(counts[name])} ${STATES[name].word.toLowerCase()}`);
  return `${plural(counts.total, "ticket")}: ${parts.join(", ")}`;
}

/** A ring of the states' shares around their sum. */
function donut(counts, size) {
  const [middle, width] = [size / 2, Math.max(5, size * 0.14)];
  const radius = middle - width / 2 - 1;
  const around = 2 * Math.PI * radius;
  let drawn = 0;
  const arcs = STATE_NAMES.filter((name) => counts[name] > 0).map((name) => {
    const length = (counts[name] / counts.total) * around;
    const arc = svg("circle", {
      class: `arc ${name}`, cx: middle, cy: middle, r: radius, "stroke-width": width,
      "stroke-dasharray": `${length} ${around - length}`, "stroke-dashoffset": -drawn,
      transform: `rotate(-90 ${middle} ${middle})`,
    });
    drawn += length;
    return arc;
  });
  const text = counts.total >= 10_000 ? `${Math.round(counts.total / 1000)}k` : number(counts.total);
  return svg("svg", { viewBox: `0 0 ${size} ${size}`, width: size, height: size, class: "donut", "aria-hidden": "true" },
    svg("circle", { class: "plate", cx: middle, cy: middle, r: middle - 1 }), arcs,
    svg("text", { x: middle, y: middle, "text-anchor": "middle", "dominant-baseline": "central" }, text));
}
