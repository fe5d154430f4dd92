// A node's arena: addresses upwards, its stages to the right. What lies there
// is a box; the fullest stage is framed, the budget is a line.

const kMemoryHeight = 340, kLeftEdge = 62, kUnderEdge = 34, kTopEdge = 12;
let byTime = false;  // a stage is as wide as it takes; else all are equal

// [first edge, ..., last edge] of the stages, from 0 to 1.
function stageEdges(node) {
  const parts = node.stages.map((s) => byTime ? s[4] : 1);
  const sum = parts.reduce((a, b) => a + b, 0) || 1;
  const edges = [0];
  for (const part of parts) edges.push(edges.at(-1) + part / sum);
  return edges;
}

const fullestStage = (node) => node.stages.reduce((best, s, k) =>
  s[3] > node.stages[best][3] ? k : best, 0);

// Steps of 1, 2 or 5 times a power of two of bytes, at most six of them.
function byteTicks(most) {
  let step = 1;
  while (most / step > 6) step *= 2;
  const ticks = [];
  for (let at = 0; at <= most; at += step) ticks.push(at);
  return ticks;
}

function memoryBoxes(node) {
  const last = node.stages.length - 1;
  const fixed = node.regions.map(([name, offset, bytes]) =>
    ({name, offset, bytes, first: 0, last, kind: "fixed", text: ""}));
  return [...fixed, ...node.memory.map(
    ([name, offset, bytes, first, end, slots, rows, columns, channels]) => ({
      name, offset, bytes, first, last: Math.min(end, last),
      kind: rows === 0 ? "work" : slots < rows ? "ring" : "whole",
      text: rows === 0 ? "" : `${slots} of ${rows} rows of ` +
        `${columns} × ${channels}`}))].filter((b) => b.first <= last);
}

const kKindWords = {fixed: "fixed part", work: "work area", ring: "ring of rows",
  whole: "whole box"};

function boxText(box) {
  return `${box.name}: ${count(box.bytes)} B at ${count(box.offset)}, ` +
    kKindWords[box.kind] + (box.text ? `, ${box.text}` : "");
}

function drawMemory(plan, number) {
  const node = plan.nodes[number];
  if (node.stages.length === 0) {
    byId("memory-text").textContent = `${node.name} has no share of the plan.`;
    show("memory-drawing");
    show("moment");
    return;
  }
  const width = Math.max(320, byId("memory").clientWidth);
  const edges = stageEdges(node), boxes = memoryBoxes(node);
  const budget = node.budget_bytes;
  const top = Math.max(node.arena_bytes,
    budget !== null && budget < 2 * node.arena_bytes ? budget : 0) * 1.04;
  const x = (edge) => kLeftEdge + edge * (width - kLeftEdge - 8);
  const y = (address) => kTopEdge + (1 - address / top) *
    (kMemoryHeight - kTopEdge - kUnderEdge);
  const parts = byteTicks(top).flatMap((at) => [
    svg("line", {class: "grid", x1: kLeftEdge, x2: width - 8, y1: y(at),
      y2: y(at)}),
    svg("text", {x: kLeftEdge - 6, y: y(at) + 4, "text-anchor": "end"},
      at === 0 ? "0" : bytesText(at))]);
  for (const box of boxes) parts.push(...drawBox(box, edges, x, y));
  const fullest = fullestStage(node);
  parts.push(svg("rect", {class: "fullest", x: x(edges[fullest]),
    y: y(node.stages[fullest][3]),
    width: Math.max(2, x(edges[fullest + 1]) - x(edges[fullest])),
    height: y(0) - y(node.stages[fullest][3])}));
  parts.push(...drawLimit(node, top, width, y));
  let labelled = -100;
  node.stages.forEach((s, k) => {
    const middle = (x(edges[k]) + x(edges[k + 1])) / 2;
    if (middle - labelled < 26) return;
    labelled = middle;
    parts.push(svg("text", {x: middle, y: y(0) + 16, "text-anchor": "middle"},
      String(k)));
  });
  const cursor = svg("rect", {class: "cursor", y: kTopEdge,
    height: y(0) - kTopEdge, visibility: "hidden"});
  const drawing = svg("svg", {width, height: kMemoryHeight, tabindex: 0,
    role: "slider", "aria-label": "Stage of the node; arrow keys move",
    "aria-valuemin": 0, "aria-valuemax": node.stages.length - 1},
  ...parts, cursor, svg("text", {x: (kLeftEdge + width) / 2,
    y: kMemoryHeight - 3, "text-anchor": "middle", class: "weak"},
  byTime ? "stages, as long as they take" : "stages"));
  followStages(drawing, cursor, node, boxes, edges, x, fullest);
  describeMemory(node, fullest);
  show("memory-drawing", memoryLegend(), drawing);
}

function drawBox(box, edges, x, y) {
  const left = x(edges[box.first]), right = x(edges[box.last + 1]);
  const high = y(box.offset + box.bytes), low = y(box.offset);
  const made = [svg("rect", {class: `mem ${box.kind}`, x: left, y: high,
    width: Math.max(1, right - left), height: Math.max(0.5, low - high)},
  svg("title", {}, boxText(box)))];
  const room = Math.floor((right - left - 6) / 6.6);
  if (low - high >= 13 && room >= 5) {
    const words = box.name.length <= room ? box.name
      : `${box.name.slice(0, room - 1)}…`;
    made.push(svg("text", {class: "inside", x: left + 4,
      y: (low + high) / 2 + 4}, words));
  }
  return made;
}

function drawLimit(node, top, width, y) {
  const budget = node.budget_bytes;
  if (budget === null || budget > top) return [];
  return [svg("line", {class: "limit", x1: kLeftEdge, x2: width - 8,
    y1: y(budget), y2: y(budget)}),
  svg("text", {class: "limit", x: width - 12, y: y(budget) - 3,
    "text-anchor": "end"}, `budget ${count(budget)} B`)];
}

function memoryLegend() {
  const check = html("input", {type: "checkbox", id: "by-time"});
  check.checked = byTime;
  check.addEventListener("change", () => {
    byTime = check.checked;
    redrawMemory();
    byId("by-time").focus();
  });
  return html("p", {class: "legend"}, ...Object.entries(kKindWords).map(
    ([kind, word]) => html("span", {}, html("i", {class: kind}), ` ${word}`)),
  html("label", {class: "screen"}, check, " stages as wide as their time"));
}

function describeMemory(node, fullest) {
  const used = count(node.arena_bytes);
  const budget = node.budget_bytes === null ? ""
    : ` of ${count(node.budget_bytes)} B (${(100 * node.arena_bytes /
      node.budget_bytes).toFixed(1)} %)`;
  byId("memory-text").textContent = `${node.name} (${node.board}) needs ` +
    `${used} B${budget}. Its fullest moment is stage ${fullest}, which is ` +
    "framed. Point at a stage, or use the arrow keys, to list what lies there.";
}

// What lies in the arena in the stage that pointer or keys choose.
function followStages(drawing, cursor, node, boxes, edges, x, first) {
  let shown = -1;
  const choose = (stage) => {
    if (stage === shown) return;
    shown = stage;
    cursor.setAttribute("x", x(edges[stage]));
    cursor.setAttribute("width", Math.max(2, x(edges[stage + 1]) -
      x(edges[stage])));
    cursor.setAttribute("visibility", "visible");
    drawing.setAttribute("aria-valuenow", stage);
    drawing.setAttribute("aria-valuetext", `stage ${stage}, ` +
      `${count(node.stages[stage][3])} B`);
    showMoment(node, boxes, stage);
  };
  drawing.addEventListener("pointermove", (event) => {
    const at = event.clientX - drawing.getBoundingClientRect().left;
    const stage = edges.findIndex((_, k) => k + 1 < edges.length &&
      at >= x(edges[k]) && at < x(edges[k + 1]));
    if (stage >= 0) choose(stage);
  });
  drawing.addEventListener("keydown", (event) => {
    const last = node.stages.length - 1;
    const to = {ArrowLeft: shown - 1, ArrowRight: shown + 1, Home: 0,
      End: last}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(last, to)));
  });
  choose(first);
}

function showMoment(node, boxes, stage) {
  const [, from, to, bytes, seconds, bound] = node.stages[stage];
  const there = boxes.filter((b) => b.first <= stage && stage <= b.last)
    .sort((a, b) => b.bytes - a.bytes);
  const columns = [["what"], ["size", "B"], ["address"], ["kind"], ["holds"]];
  const rows = there.map((b) => [shortName(b.name), b.bytes, b.offset, kKindWords[b.kind],
    b.text || null]);
  const layers = from < 0 ? "no layer" : from === to ? `layer ${from}`
    : `layers ${from} to ${to}`;
  const name = `${node.name}, stage ${stage}`;
  show("moment", html("h3", {}, `${name}: ${layers}, ${count(bytes)} B, ` +
    `${timeText(seconds * 1e6)}, bound by ${bound}`),
  table(columns, rows, name));
}
