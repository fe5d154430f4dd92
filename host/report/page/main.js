// The page: reads the data, and lets one node be chosen for all drawings.

const data = JSON.parse(byId("data").textContent);
let plan = data.plans[0];
let chosen = null;  // the node whose boxes are shown alone; null: all

function chosenOrFullest() {
  if (chosen !== null) return chosen;
  return plan.nodes.reduce((best, n, k) =>
    n.arena_bytes > plan.nodes[best].arena_bytes ? k : best, 0);
}

function redrawMemory() { drawMemory(plan, chosenOrFullest()); }

function choose(node) {
  chosen = node;
  redrawMemory();  // first: it reads a width, which is known until then
  byId("picker").querySelectorAll("button[data-node]").forEach((b) =>
    b.setAttribute("aria-pressed", String(b.dataset.node === String(node))));
  lightUp(node);
}

function nodeButton(node, text) {
  const button = html("button", {type: "button", "data-node": String(node),
    "aria-pressed": String(node === chosen)},
  node === null ? null
    : html("i", {style: `background:${nodeColor(node)}`}), text);
  button.addEventListener("click", () => choose(node));
  for (const [enter, leave] of [["pointerenter", "pointerleave"],
    ["focus", "blur"]]) {
    button.addEventListener(enter, () => lightUp(node));
    button.addEventListener(leave, () => lightUp(chosen));
  }
  return button;
}

function planButton(other) {
  const button = html("button", {type: "button",
    "aria-pressed": String(other === plan)}, other.name);
  button.addEventListener("click", () => {
    plan = other;
    chosen = null;
    drawAll();
  });
  return button;
}

function drawPicker() {
  const plans = data.plans.length < 2 ? [] : [html("div", {}, "Plan: ",
    ...data.plans.map(planButton))];
  const nodes = plan.nodes.length < 2 ? [] : [html("div", {class: "nodes"},
    nodeButton(null, "all nodes"),
    ...plan.nodes.map((n, k) => nodeButton(k, n.name)))];
  show("picker", ...plans, ...nodes);
}

function figuresOf(p) {
  const slowest = p.nodes.reduce((a, b) => b.seconds > a.seconds ? b : a);
  const fullest = p.nodes.reduce((a, b) =>
    b.arena_bytes > a.arena_bytes ? b : a);
  return [
    ["time of a frame", timeText(p.latency_us) + " (modelled)"],
    ["at least, for any plan", p.bound_us === null ? "not known"
      : timeText(p.bound_us)],
    ["fullest arena", `${count(fullest.arena_bytes)} B, ${fullest.name}`],
    ["busiest node", `${slowest.name}, ${timeText(slowest.seconds * 1e6)}`],
    ["traffic of a frame", bytesText(p.traffic_bytes)],
    ["multiplications", `${count(p.macs)}, ` +
      `${(p.macs / (p.model_macs || 1)).toFixed(2)} times the model's`],
    ["frames a second", p.frames_per_s === null ? "not known"
      : round3(p.frames_per_s)],
    ["energy of a frame", p.energy_mj === null ? "not known"
      : `${round3(p.energy_mj)} mJ`],
    ["nodes", String(p.nodes.length)],
    ["strategy", `${p.strategy}, for ${p.objective}`],
  ];
}

function drawFigures() {
  const all = data.plans.map(figuresOf);
  const head = data.plans.length < 2 ? [] : [html("thead", {}, html("tr", {},
    html("th", {scope: "col", class: "word"}, "plan"),
    ...data.plans.map((p) => html("th", {scope: "col", class: "word"},
      p.name))))];
  show("figures", html("div", {class: "scroll", tabindex: 0, role: "region",
    "aria-label": "Figures"}, html("table", {}, ...head, html("tbody", {},
    ...all[0].map(([name], k) => html("tr", {},
      html("th", {scope: "row", class: "word"}, name),
      ...all.map((f) => html("td", {class: "word"}, f[k][1]))))))));
}

function drawWhy() {
  const parts = [];
  const why = data.trace?.why;
  if (why && plan === data.plans[0]) {
    parts.push(html("h3", {}, "Why is it not faster?"), html("p", {}, why));
  }
  if (plan.bound_us) {
    const times = plan.latency_us / plan.bound_us;
    parts.push(html("p", {}, times < 1.2
      ? `The frame is within ${Math.ceil(100 * times - 100)} % of what any ` +
        "plan on these nodes could do."
      : `No plan on these nodes takes less than ${timeText(plan.bound_us)}; ` +
        `this one takes ${times.toFixed(1)} times as long.`));
  }
  const fullest = plan.nodes.reduce((a, b) =>
    b.arena_bytes > a.arena_bytes ? b : a);
  if (fullest.stages.length > 0) {
    const stage = fullestStage(fullest);
    const largest = memoryBoxes(fullest).filter((b) => b.first <= stage &&
      stage <= b.last).sort((a, b) => b.bytes - a.bytes).slice(0, 3);
    parts.push(html("h3", {}, "Why is it not smaller?"), html("p", {},
      `In stage ${stage} of ${fullest.name} the arena is fullest. Most of it ` +
      `holds ${largest.map((b) => `${shortName(b.name)} (${count(b.bytes)} B` +
        `${b.text ? `, ${b.text}` : ""})`).join("; ")}.`));
  }
  for (const [name, reason] of plan.left_out) {
    parts.push(html("p", {}, `${name} has no share: ${reason}`));
  }
  show("why", ...parts);
}

function* drawTraffic() {
  byId("traffic").hidden = plan.traffic.length === 0;
  if (plan.traffic.length === 0) return;
  const names = [...plan.nodes.map((n) => n.name), "coordinator"];
  const at = (node) => node < 0 ? names.length - 1 : node;
  const bytes = names.map(() => names.map(() => 0));
  for (const [from, to, sum] of plan.traffic) bytes[at(from)][at(to)] += sum;
  const most = Math.max(...bytes.flat());
  const wordy = names.length <= 18;
  const cell = (sum, from, to) => sum === 0 ? html("td", {}) : html("td", {
    class: "heat", style: `--heat:${Math.round(60 * sum / most)}%`,
    title: `${names[from]} to ${names[to]}: ${count(sum)} B`},
  wordy ? bytesText(sum) : "");
  const rows = [];
  for (const [from, line] of bytes.entries()) {
    rows.push(html("tr", {}, html("th", {scope: "row"}, names[from]),
      ...line.map((sum, to) => cell(sum, from, to))));
    yield;
  }
  show("matrix", html("div", {class: "scroll", tabindex: 0, role: "region",
    "aria-label": "Traffic"}, html("table", {class: "matrix"},
    html("thead", {}, html("tr", {}, html("th", {scope: "col"}, "from, to"),
      ...names.map((n, k) => html("th", {scope: "col"},
        wordy ? n : String(k))))),
    html("tbody", {}, ...rows))));
}

function segmentRows() {
  const segments = new Map();
  plan.nodes.forEach((n) => n.stages.forEach((s) => {
    const best = segments.get(s[0]);
    if (!best || s[4] > best[1][4]) segments.set(s[0], [n, s]);
  }));
  return [...segments.entries()].sort((a, b) => a[0] - b[0]).map(
    ([number, [n, s]]) => [number, s[1] < 0 ? "none" : `${s[1]} to ${s[2]}`,
      n.name, s[4] * 1e3, s[5], s[6] * 1e3, s[7] * 1e3, s[8] * 1e3,
      s[9] * 1e3]);
}

function* drawTables() {
  const ms = (value) => value.toFixed(2);
  const nodes = [["node"], ["board"], ["arena", "B"], ["budget", "B"],
    ["time", "ms", ms], ["MACs", "millions", (v) => v.toFixed(1)],
    ["sent", "B"], ["received", "B"], ["weights in flash", "B"],
    ["in SRAM", "B"], ["on storage", "B"], ["weights read", "B a frame"],
    ["storage read", "B"], ["storage written", "B"], ["program", "B"]];
  const nodeRows = plan.nodes.map((n) => [n.name, n.board, n.arena_bytes,
    n.budget_bytes, n.seconds * 1e3, n.macs / 1e6, n.sent_bytes,
    n.received_bytes, n.flash_weight_bytes, n.sram_weight_bytes, n.tape_bytes,
    n.weight_read_bytes, n.storage_read_bytes, n.storage_written_bytes,
    n.program_bytes]);
  const word = plan.linked ? "segment" : "stage";
  const segments = [[word], ["layers"], ["slowest node"], ["time", "ms", ms],
    ["bound by"], ["compute", "ms", ms], ["flash", "ms", ms],
    ["storage", "ms", ms], ["check", "ms", ms]];
  const rows = segmentRows();
  show("tables", html("h3", {}, "Nodes"), table(nodes, nodeRows, "Nodes"));
  yield;
  byId("tables").append(html("h3", {}, `Slowest node of every ${word}`),
    table(segments, rows, `Slowest node of every ${word}`));
}

let redrawFrame = null;  // once it is drawn

function* drawParts() {
  drawPicker();
  drawFigures();
  drawWhy();
  yield;
  yield* drawCut(plan);
  redrawMemory();
  yield;
  if (data.trace && !redrawFrame) {
    byId("frame").hidden = false;
    yield;
    redrawFrame = startFrame(data.trace);
    yield;
  }
  yield* drawTraffic();
  yield;
  yield* drawTables();
}

const drawAll = () => drawByMoments("report", drawParts());

drawAll();
let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  redrawMemory();
  redrawFrame?.();
});
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change",
  () => redrawFrame?.());
