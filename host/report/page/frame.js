// A frame on every endpoint: what each does over time, as a drawing that zooms,
// with the critical path through it.

const kKindColors = ["var(--c0)", "var(--c2)", "var(--c1)", "var(--c4)",
  "var(--c5)"];
const kKindNames = ["compute", "receive", "send", "check", "stage"];

// The flat lists of the file as arrays of begins, ends, kinds and labels.
function readSpans(flat) {
  const size = flat.length / 4;
  const spans = {begin: new Float64Array(size), end: new Float64Array(size),
    kind: new Uint8Array(size), label: new Uint32Array(size), size};
  let at = 0;
  for (let k = 0; k < size; ++k) {
    spans.begin[k] = at + flat[4 * k];
    at = spans.begin[k] + flat[4 * k + 1];
    spans.end[k] = at;
    spans.kind[k] = flat[4 * k + 2];
    spans.label[k] = flat[4 * k + 3];
  }
  return spans;
}

// The first span that ends after `time`.
function firstAfter(spans, time) {
  let low = 0, high = spans.size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans.end[middle] > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

function startFrame(trace) {
  const lists = trace.spans.map(readSpans);
  const row = lists.length > 24 ? 14 : 24, left = 92, under = 26;
  const height = lists.length * row + under;
  const canvas = html("canvas", {tabindex: 0, role: "img",
    "aria-label": "What every node does over time. Plus and minus zoom, " +
      "arrows move, 0 shows all; the table below has the sums."});
  const view = {from: 0, to: Math.max(1, trace.end)};
  let width = 0, queued = false;

  const x = (t) => left + (t - view.from) / (view.to - view.from) *
    (width - left - 6);
  const timeAt = (px) => view.from + (px - left) / (width - left - 6) *
    (view.to - view.from);

  function draw() {
    queued = false;
    width = Math.max(320, byId("frame").clientWidth);
    const ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const c = canvas.getContext("2d");
    c.scale(ratio, ratio);
    const colors = kKindColors.map(shownColor);
    const text = shownColor("var(--text)");
    c.font = "12px system-ui, sans-serif";
    drawAxis(c, shownColor("var(--grid)"), text);
    lists.forEach((spans, k) => {
      c.fillStyle = text;
      c.textAlign = "left";
      c.fillText(shortened(trace.names[k], 13), 2, k * row + row / 2 + 4, 86);
      drawRow(c, spans, k * row + 2, colors);
    });
    drawPath(c, text);
  }

  function drawAxis(c, grid, text) {
    const [step, digits] = timeStep((view.to - view.from) / (width / 110));
    c.textAlign = "center";
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
      c.fillStyle = grid;
      c.fillRect(x(t), 0, 1, height - under + 4);
      c.fillStyle = text;
      c.fillText(`${(t / 1e6).toFixed(digits)} ms`,
        Math.min(Math.max(x(t), left + 20), width - 30), height - 8);
    }
  }

  // Spans narrower than a pixel are drawn as what most of the pixel does.
  function drawRow(c, spans, y, colors) {
    const perPixel = (view.to - view.from) / (width - left - 6);
    let k = firstAfter(spans, view.from);
    while (k < spans.size && spans.begin[k] < view.to) {
      let from = Math.max(spans.begin[k], view.from), end = spans.end[k];
      let kind = spans.kind[k], longest = end - from;
      while (end - from < perPixel && k + 1 < spans.size &&
             spans.begin[k + 1] < from + perPixel) {
        ++k;
        const length = spans.end[k] - spans.begin[k];
        if (length > longest) [longest, kind] = [length, spans.kind[k]];
        end = spans.end[k];
      }
      c.fillStyle = colors[kind];
      c.fillRect(x(from), y, Math.max(0.6, x(Math.min(end, view.to)) - x(from)),
        row - 4);
      ++k;
    }
  }

  function drawPath(c, color) {
    c.strokeStyle = color;
    c.lineWidth = 1.6;
    c.save();
    c.beginPath();
    c.rect(left, 0, width - left - 6, height - under + 2);
    c.clip();
    c.beginPath();
    const middle = (k) => k * row + row / 2;
    for (const [begin, duration, , from, to] of trace.path) {
      if (begin > view.to || begin + duration < view.from) continue;
      c.moveTo(x(begin), middle(from));
      c.lineTo(x(begin + duration), middle(to));
    }
    c.stroke();
    c.restore();
  }

  function redraw() {
    if (queued) return;
    queued = true;
    requestAnimationFrame(draw);
  }

  // Zooms around a time, or moves by a part of what is seen.
  function zoom(factor, around = (view.from + view.to) / 2) {
    const least = 1000, span = Math.min(trace.end,
      Math.max(least, (view.to - view.from) * factor));
    const part = (around - view.from) / (view.to - view.from);
    place(around - part * span, span);
  }
  function place(from, span) {
    view.from = Math.max(0, Math.min(from, trace.end - span));
    view.to = view.from + span;
    redraw();
  }
  const move = (part) => place(view.from + part * (view.to - view.from),
    view.to - view.from);
  const all = () => place(0, Math.max(1, trace.end));

  listenToFrame(canvas, {zoom, move, all, timeAt, left: () => left,
    row, lists, trace, view, place});
  const button = (name, text, act) => {
    const made = html("button", {type: "button", "aria-label": name}, text);
    made.addEventListener("click", act);
    return made;
  };
  // Nodes of an older version do not say whose rows they waited for.
  const path = trace.path.length === 0 ? []
    : [html("span", {}, html("i", {class: "path"}), " critical path")];
  byId("path-text").hidden = path.length === 0;
  show("frame-drawing",
    html("p", {class: "legend"}, ...kKindNames.map((word, k) =>
      html("span", {}, html("i", {style: `background:${kKindColors[k]}`}),
        ` ${word}`)), ...path),
    html("p", {class: "screen"}, button("Zoom in", "+", () => zoom(0.5)), " ",
      button("Zoom out", "−", () => zoom(2)), " ",
      button("Earlier", "←", () => move(-0.3)), " ",
      button("Later", "→", () => move(0.3)), " ",
      button("The whole frame", "all", all)),
    html("div", {class: "scroll"}, canvas), ...frameTables(trace, lists));
  draw();
  return redraw;
}

const shortened = (text, most) =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

// [nanoseconds between ticks, digits of milliseconds]
function timeStep(least) {
  let step = 1;
  for (let k = 0; step < least; ++k) step *= k % 3 === 1 ? 2.5 : 2;
  return [step, Math.max(0, Math.ceil(6 - Math.log10(step) - 1e-9))];
}

function listenToFrame(canvas, f) {
  let drag = null;
  canvas.addEventListener("keydown", (event) => {
    const act = {"+": () => f.zoom(0.5), "=": () => f.zoom(0.5),
      "-": () => f.zoom(2), ArrowLeft: () => f.move(-0.2),
      ArrowRight: () => f.move(0.2), 0: f.all}[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    f.zoom(event.deltaY > 0 ? 1.25 : 0.8, f.timeAt(event.offsetX));
  }, {passive: false});
  canvas.addEventListener("pointerdown", (event) => {
    drag = {at: f.timeAt(event.offsetX)};
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", () => { drag = null; });
  canvas.addEventListener("dblclick", (event) =>
    f.zoom(0.4, f.timeAt(event.offsetX)));
  canvas.addEventListener("pointerleave", tip.hide);
  canvas.addEventListener("pointermove", (event) => {
    const time = f.timeAt(event.offsetX);
    if (drag) {
      f.place(f.view.from + drag.at - time, f.view.to - f.view.from);
      return;
    }
    const k = Math.floor(event.offsetY / f.row);
    if (k >= f.lists.length || event.offsetX < f.left()) return tip.hide();
    tip.show(event, spanText(f.trace, f.lists[k], k, time));
  });
}

function spanText(trace, spans, endpoint, time) {
  const who = `${trace.names[endpoint]} at ${timeText(time / 1000)}: `;
  const at = firstAfter(spans, time);
  if (at >= spans.size || spans.begin[at] > time) return `${who}waits`;
  const what = kKindNames[spans.kind[at]], label = trace.labels[spans.label[at]];
  const took = timeText((spans.end[at] - spans.begin[at]) / 1000);
  return `${who}${what}${label === what ? "" : ` ${label}`}, ${took}`;
}

function frameTables(trace, lists) {
  const ms = (ns) => (ns / 1e6).toFixed(2);
  const columns = [["endpoint"], ...kKindNames.map((w) => [w, "ms", ms]),
    ["wait", "ms", ms]];
  const rows = lists.map((spans, k) => {
    const sums = kKindNames.map(() => 0);
    for (let i = 0; i < spans.size; ++i) {
      sums[spans.kind[i]] += spans.end[i] - spans.begin[i];
    }
    return [trace.names[k], ...sums,
      Math.max(0, trace.end - sums.reduce((a, b) => a + b, 0))];
  });
  return [html("h3", {}, "Time of every endpoint"),
    table(columns, rows, "Time of every endpoint")];
}
