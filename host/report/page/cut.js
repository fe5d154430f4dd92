// The network layer after layer: a block a layer, in oblique projection, cut
// into the boxes that nodes compute.

const kLargestFace = 76, kLeastFace = 9, kLargestDepth = 44, kLeastDepth = 5;
const kSlant = 0.7;  // how far the back lies to the right and above

// Pixels of a block's sides. The square root keeps small layers visible.
function blockScale(plan) {
  const sides = plan.layers.map(({shape: [y0, y1, x0, x1, c0, c1]}) =>
    [Math.max(y1 - y0, x1 - x0), c1 - c0]);
  const face = Math.max(...sides.map(([side]) => side));
  const depth = Math.max(...sides.map(([, channels]) => channels));
  const scaled = (size, most, least, largest) =>
    least + (largest - least) * Math.sqrt(size / most);
  return (shape) => {
    const [y0, y1, x0, x1, c0, c1] = shape;
    return {
      height: scaled(y1 - y0, face, kLeastFace, kLargestFace),
      width: scaled(x1 - x0, face, kLeastFace, kLargestFace),
      depth: scaled(c1 - c0, depth, kLeastDepth, kLargestDepth) * kSlant,
    };
  };
}

// The three sides of a box that are seen, as one path.
function boxPath(shape, size, [, , , y0, y1, x0, x1, c0, c1]) {
  const [sy0, sy1, sx0, sx1, sc0, sc1] = shape;
  const x = (v) => (v - sx0) / (sx1 - sx0) * size.width;
  const y = (v) => size.depth + (v - sy0) / (sy1 - sy0) * size.height;
  const d = (v) => (v - sc0) / (sc1 - sc0) * size.depth;
  const point = (px, py, pc) =>
    `${(x(px) + d(pc)).toFixed(1)} ${(y(py) - d(pc)).toFixed(1)}`;
  const side = (...points) => `M${points.join("L")}Z`;
  return side(point(x0, y0, c0), point(x1, y0, c0), point(x1, y1, c0),
    point(x0, y1, c0)) +
    side(point(x0, y0, c0), point(x0, y0, c1), point(x1, y0, c1),
      point(x1, y0, c0)) +
    side(point(x1, y0, c0), point(x1, y0, c1), point(x1, y1, c1),
      point(x1, y1, c0));
}

// From the back to the front, so that what is nearer covers what is behind.
function inPaintOrder(shares) {
  return [...shares].sort((a, b) => b[7] - a[7] || b[3] - a[3] || a[5] - b[5]);
}

const shapeText = ([y0, y1, x0, x1, c0, c1]) =>
  `${y1 - y0} × ${x1 - x0} × ${c1 - c0}`;

// "rows and channels": the axes along which nodes have different boxes.
function cutText(layer) {
  const axes = [["rows", 3], ["columns", 5], ["channels", 7]];
  const nodes = new Set(layer.shares.map((s) => s[0]));
  const words = axes.filter(([, at]) =>
    new Set(layer.shares.map((s) => `${s[at]},${s[at + 1]}`)).size > 1)
    .map(([word]) => word);
  if (nodes.size === 1 && layer.shares.length === 1) return "one node";
  if (nodes.size === 1) return `one node, ${words.join(" and ")} in turn`;
  return `${nodes.size} nodes, by ${words.join(" and ") || "copies"}`;
}

function drawLayer(plan, layer, scale) {
  const size = scale(layer.shape);
  const width = size.width + size.depth + 2, height = size.height + size.depth;
  const paths = inPaintOrder(layer.shares).map((share) => svg("path", {
    class: `box n${share[0]}`, fill: nodeColor(share[0]),
    d: boxPath(layer.shape, size, share)}));
  const words = `${layer.layer} ${layer.name}`;
  const button = html("button", {type: "button", class: "layer", title: layer.name,
    "aria-label": `Layer ${words}: ${layer.op}, ${shapeText(layer.shape)}, ` +
      cutText(layer)},
  svg("svg", {width: width.toFixed(0), height: (height + 2).toFixed(0),
    viewBox: `-1 -1 ${width.toFixed(1)} ${(height + 2).toFixed(1)}`,
    "aria-hidden": "true"}, ...paths),
  html("span", {class: "name"},
    `${layer.layer} ${shortName(layer.name)}`),
  html("span", {class: "weak"}, `${layer.op} ${shapeText(layer.shape)}`));
  button.addEventListener("click", () => showLayer(plan, layer));
  return button;
}

function showLayer(plan, layer) {
  const columns = [["node"], ["stage"], ["rows"], ["columns"], ["channels"],
    ["part", "%", round3]];
  const [y0, y1, x0, x1, c0, c1] = layer.shape;
  const all = (y1 - y0) * (x1 - x0) * (c1 - c0);
  const rows = layer.shares.map(([node, stage, , ...b]) => [
    plan.nodes[node].name, stage, `${b[0]} to ${b[1] - 1}`,
    `${b[2]} to ${b[3] - 1}`, `${b[4]} to ${b[5] - 1}`,
    100 * (b[1] - b[0]) * (b[3] - b[2]) * (b[5] - b[4]) / all]);
  const name = `Layer ${layer.layer}, ${layer.name}`;
  show("layer", html("h3", {}, name), html("p", {}, `${layer.op}, ` +
    `${shapeText(layer.shape)}, ${cutText(layer)}` +
    (layer.weights ? `; its weights are ${kPlaces[layer.weights] ?? "kept"}.`
      : ".")),
  table(columns, rows, name));
}

const kPlaces = {mapped: "in flash, executed in place",
  tape: "streamed from storage", sram: "in SRAM"};

function* drawCut(plan) {
  const scale = blockScale(plan);
  show("layers");
  show("layer");
  let last = null, cards = null;
  for (const layer of plan.layers) {
    const segment = plan.linked ? layer.shares[0][2] : -1;
    if (segment !== last) {
      cards = html("div", {class: "cards"});
      byId("layers").append(html("div", {class: "segment"},
        segment < 0 ? null : html("h3", {}, `Segment ${segment}`), cards));
      last = segment;
    }
    cards.append(drawLayer(plan, layer, scale));
    yield;
  }
  lightUp(chosen);
}

// Shows the boxes of one node alone, or (null) those of all.
function lightUp(node) {
  const layers = byId("layers");
  layers.querySelectorAll(".lit").forEach((e) => e.classList.remove("lit"));
  layers.classList.toggle("some", node !== null);
  if (node === null) return;
  layers.querySelectorAll(`.n${node}`).forEach((e) => e.classList.add("lit"));
}
