// Everything around the map: how old this is, the figures, the charts, the pipeline.

const OLD_MINUTES = 120; // a page as old as this is no picture of now

function showAges({ written_at: writtenAt, status: { freshness } }) {
  const fill = () => byId("ages").replaceChildren(
    ageChip("Page written", writtenAt, OLD_MINUTES),
    ageChip("Last change file", watermarkTime(freshness.watermark), null),
    ageChip("Content as of", freshness.content_as_of, null));
  fill();
  setInterval(fill, MINUTE);
}

/** The instant in a key's stamp, which is EAT: "…/2026-06-15T17-00-00.csv". */
function watermarkTime(key) {
  const found = /(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})\.csv$/.exec(key ?? "");
  return found ? `${found[1]}T${found[2]}:${found[3]}:${found[4]}+03:00` : null;
}

function ageChip(name, instant, limit) {
  const isOld = instant !== null && limit !== null && Date.now() - Date.parse(instant) > limit * MINUTE;
  return h("span", { class: `age ${isOld ? "old" : ""}` }, h("small", {}, name),
    h("strong", {}, instant ? `${age(instant)} ago` : "never"), h("time", { datetime: instant }, moment(instant)));
}

// --- figures -------------------------------------------------------------------------------------

const WINDOW_WORDS = {
  today: "today", yesterday: "yesterday", last_7_days: "last 7 days", this_week: "this week",
  this_month: "this month", last_30_days: "last 30 days",
};

const share = (part, whole) => (whole > 0 ? percent(part / whole) : NONE);

function showFigures(metrics, windowName) {
  const during = WINDOW_WORDS[windowName];
  const figures = [
    ["Open", number(metrics.open), `${number(metrics.without_coordinate)} not on the map`, ""],
    ["Breached", number(metrics.breached), `${share(metrics.breached, metrics.open)} of the open`, "breached"],
    ["At risk", number(metrics.at_risk), `${share(metrics.at_risk, metrics.open)} of the open`, "at_risk"],
    ["Created", number(metrics.created), during, ""],
    ["Closed", number(metrics.closed), `${during}; ${percent(metrics.sla_compliance)} in time`, "closed"],
    ["Time to repair", span(metrics.mttr_minutes_median), `median; 90 % in ${span(metrics.mttr_minutes_p90)}`, ""],
  ];
  byId("figures").replaceChildren(...figures.map(([name, value, note, state]) => h("div", { class: `figure card ${state}` },
    h("dt", {}, state ? glyph(state, 15) : null, name), h("dd", {}, h("strong", {}, value), h("small", {}, note)))));
}

// --- charts --------------------------------------------------------------------------------------

const ROWS = 12;

function showCharts(series, metrics, windowName, onPick) {
  byId("charts-note").textContent = `All tickets, whatever the map is narrowed to. Days are EAT. By cluster and by team: ${WINDOW_WORDS[windowName]}.`;
  const days = series.map((point) => day(point.from_date));
  byId("charts").replaceChildren(
    backlogChart(series, days), flowChart(series, days), repairChart(series, days),
    groupChart("By cluster", metrics.by_cluster, "cluster", (name) => onPick("cluster", name)),
    groupChart("By team", metrics.by_team, "assigned_team", (name) => onPick("team", name)));
}

function backlogChart(series, days) {
  const values = series.map(({ backlog }) => backlog);
  const dashed = series.map(({ backlog_source: source }) => source === "reconstructed");
  const [first, last] = [values.find((value) => value !== null), values.at(-1)];
  return chartCard({
    title: "Backlog", note: "Open tickets at the end of each day; dashed where worked out afterwards",
    says: `Backlog over ${plural(days.length, "day")}, from ${number(first)} to ${plural(last, "open ticket")}.`,
    drawing: dayChart({ days, series: [{ name: "open", kind: "backlog", shape: "area", values, dashed }] }),
    table: tableOf(["Day", "Open", "From"], series.map((point, at) => [days[at], number(point.backlog), words(point.backlog_source ?? NONE)])),
  });
}

function flowChart(series, days) {
  const [created, closed] = ["created", "closed"].map((name) => series.map((point) => point[name]));
  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  return chartCard({
    title: "Created and closed", note: "Tickets a day",
    says: `${plural(total(created), "ticket")} created and ${number(total(closed))} closed in ${plural(days.length, "day")}.`,
    legend: [{ name: "created", kind: "created" }, { name: "closed", kind: "closed" }],
    drawing: dayChart({ days, series: [{ name: "created", kind: "created", shape: "bar", values: created }, { name: "closed", kind: "closed", shape: "bar", values: closed }] }),
    table: tableOf(["Day", "Created", "Closed", "Reopened"], series.map((point, at) => [days[at], number(point.created), number(point.closed), number(point.reopened)])),
  });
}

const hours = (minutes) => (minutes === null || minutes === undefined ? null : minutes / 60);

function repairChart(series, days) {
  const median = series.map((point) => hours(point.mttr_minutes_median));
  const p90 = series.map((point) => hours(point.mttr_minutes_p90));
  const inHours = (value) => `${Number(value.toFixed(1))} h`;
  return chartCard({
    title: "Time to repair", note: "By day of closing, as the source states it",
    says: `Median and 90th percentile of the time to repair over ${plural(days.length, "day")}; latest median ${span(series.at(-1)?.mttr_minutes_median)}.`,
    legend: [{ name: "median", kind: "median" }, { name: "90th percentile", kind: "p90" }],
    drawing: dayChart({ days, format: inHours, series: [{ name: "p90", kind: "p90", shape: "line", values: p90 }, { name: "median", kind: "median", shape: "line", values: median }] }),
    table: tableOf(["Day", "Median", "90th percentile"], series.map((point, at) => [days[at], span(point.mttr_minutes_median), span(point.mttr_minutes_p90)])),
  });
}

function groupChart(title, groups, key, onRow) {
  const label = (group) => group[key] ?? "none named";
  const rest = (group) => group.open - group.breached - group.at_risk;
  const rows = groups.filter((group) => group.open + group.closed > 0).slice(0, ROWS).map((group) => ({
    name: group[key] ?? UNNAMED, label: label(group), aside: number(group.open),
    parts: [{ kind: "breached", count: group.breached }, { kind: "at_risk", count: group.at_risk }, { kind: "within", count: rest(group) }],
  }));
  return chartCard({
    title, note: rows.length < groups.length ? `Open tickets; the first ${rows.length} of ${groups.length}` : "Open tickets",
    says: `${title}: ${rows.slice(0, 3).map((row) => `${row.label} ${row.aside} open`).join(", ")}.`,
    legend: [{ name: "breached", kind: "breached" }, { name: "at risk", kind: "at_risk" }, { name: "other open", kind: "within" }],
    drawing: rowChart(rows, onRow),
    table: tableOf([title.slice(3), "Open", "Breached", "At risk", "Created", "Closed", "Median repair"], groups.map((group) => [quoted(label(group)),
      number(group.open), number(group.breached), number(group.at_risk), number(group.created), number(group.closed), span(group.mttr_minutes_median)])),
  });
}

// --- pipeline ------------------------------------------------------------------------------------

function showPipeline({ status: { freshness, checks }, ledger: { files, quarantined, rejects, last_files: lastFiles } }) {
  byId("pipeline").replaceChildren(
    h("div", { class: "card wide" }, h("h3", {}, "Does anybody have to act?"), checkList(checks)),
    h("div", { class: "card facts" }, h("h3", {}, "Fresh"), factList(freshFacts(freshness))),
    h("div", { class: "card facts" }, h("h3", {}, "Complete"), factList(completeFacts(freshness, files))),
    h("div", { class: "card" }, h("h3", {}, "Waiting for a person"), quarantine(quarantined), rejected(rejects)),
    h("div", { class: "card wide" }, h("h3", {}, "Last files"), lastFilesTable(lastFiles)));
}

/** What the alarms say too, and by the same names: see the runbook. */
function checkList(checks) {
  return h("ul", { class: "checks" }, checks.map(({ name, ok, value, limit, says }) => h("li", { class: ok ? "" : "trouble" },
    glyph(ok ? "within" : "breached", 16),
    h("span", {}, h("span", { class: "unseen" }, ok ? "fine: " : "trouble: "), h("b", {}, words(name.replaceAll("-", " "))),
      h("small", {}, `${words(says)}: ${value === null ? "not measured" : number(value)}; limit ${number(limit)}`)))));
}

const factList = (rows) => h("dl", {}, rows.map(([name, value, isTrouble]) => [h("dt", {}, name),
  h("dd", { class: isTrouble ? "trouble" : "" }, isTrouble ? glyph("breached", 14) : null, value)]));

function freshFacts(freshness) {
  return [
    ["Watermark", quoted(freshness.watermark?.split("/").at(-1) ?? "nothing applied yet")],
    ["Its age when written", span(freshness.watermark_age_minutes)],
    ["Content as of", moment(freshness.content_as_of)],
    ["Mode", quoted(freshness.mode), freshness.mode !== "live"],
    ["Pending", freshness.pending_as_of ? `${number(freshness.pending)} as of ${moment(freshness.pending_as_of)}` : "not listed yet"],
    ["History captured", moment(freshness.last_capture_at)],
  ];
}

function completeFacts(freshness, files) {
  return [
    ["Files applied", number(files.applied)],
    ["of them late", number(files.late)],
    ["Held", number(freshness.held), freshness.held > 0],
    ["Quarantined", `${number(files.quarantined)}, ${number(freshness.quarantined_24h)} in 24 h`, files.quarantined > 0],
    ["Skipped", number(files.skipped)],
    ["Rows rejected", `${number(files.rows_rejected)}, ${number(freshness.rejected_24h)} in 24 h`, freshness.rejected_24h > 0],
    ["Geocoded to a place", `${percent(freshness.geocode_coverage)} of the open`],
  ];
}

function quarantine(files) {
  if (files.length === 0) return h("p", { class: "fine" }, glyph("within", 15), "No file is in quarantine.");
  return h("ul", { class: "reasons" }, files.map(({ stamp, reason }) => h("li", {}, h("code", {}, `${stamp}.csv`), quoted(reason ?? "no reason kept"))));
}

function rejected(rejects) {
  if (rejects.length === 0) return h("p", { class: "fine" }, glyph("within", 15), "No row was rejected.");
  return h("div", {}, h("h4", {}, "Rejected rows"), tableOf(["Reason", "Rows"], rejects.map(({ reason, rows }) => [quoted(reason), number(rows)])));
}

function lastFilesTable(files) {
  const heads = ["Stamp (EAT)", "Settled as", "Read", "New", "Changed", "Same", "Stale", "Rejected"];
  return tableOf(heads, files.map((file) => [h("code", {}, file.stamp), h("span", { class: file.status === "applied" && !file.late ? "" : "trouble" }, file.late ? `${file.status}, late` : file.status),
    ...["read", "inserted", "updated", "unchanged", "stale", "rejected"].map((name) => number(file[`rows_${name}`]))]));
}

const SOURCES = ["fn_tickets_for_map", "fn_inc_dashboard", "fn_inc_metrics", "fn_inc_series", "fn_pipeline_status"].map((name) => `reporting.${name}()`);

function showFooter({ written_at: writtenAt }) {
  byId("footer").replaceChildren(
    h("p", {}, `Written ${moment(writtenAt)} by fleettickets preview, from what these answer:`),
    h("ul", {}, SOURCES.map((source) => h("li", {}, h("code", {}, source)))),
    h("p", {}, "Map library: Leaflet (BSD-2-Clause). Clustering: supercluster (ISC). Outline: Natural Earth (public domain). No request leaves this page unless Streets is on."));
}
