// Elements and texts. Names from files become text nodes only, never markup.

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// Converters join the names of the layers that they make one of by ";".
function shortName(name) {
  return name.split(";")[0];
}

function html(name, attributes, ...children) {
  return build(document.createElement(name), attributes, children);
}

function svg(name, attributes, ...children) {
  return build(document.createElementNS("http://www.w3.org/2000/svg", name),
    attributes, children);
}

const byId = (id) => document.getElementById(id);
const show = (id, ...children) => byId(id).replaceChildren(...children);

const count = (number) => Math.round(number).toLocaleString("en-US");
const round3 = (x) => x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1)
  : x.toFixed(2);

function bytesText(bytes) {
  if (bytes < 1024) return `${count(bytes)} B`;
  const kb = bytes / 1024;
  return kb < 1024 ? `${round3(kb)} KB` : `${round3(kb / 1024)} MB`;
}

function timeText(us) {
  if (us < 1000) return `${round3(us)} µs`;
  return us < 1e6 ? `${round3(us / 1000)} ms` : `${round3(us / 1e6)} s`;
}

// The fixed colours of few nodes, hues that differ for more.
function nodeColor(node) {
  if (node < 8) return `var(--c${node})`;
  return `hsl(${Math.round(node * 137.5) % 360} 55% var(--node-light))`;
}

// A colour as canvas takes it, in the scheme that is shown now.
function shownColor(css) {
  const probe = byId("tip");
  probe.style.borderColor = css;
  const color = getComputedStyle(probe).borderTopColor;
  probe.style.borderColor = "";
  return color;
}

// columns: [title, unit, text of a value]; the first column of words is the
// row's name. Values are numbers or texts; null is a dash.
function table(columns, rows, name) {
  const isWord = columns.map((_, k) => rows.some((r) =>
    typeof r[k] === "string"));
  const cell = (value, k) => {
    if (value === null || value === undefined) {
      return html("td", {class: isWord[k] ? "word" : null}, "-");
    }
    if (typeof value === "string") {
      return html("td", {class: value.length > 24 ? "word" : "word short"},
        value);
    }
    return html("td", {"data-value": value}, (columns[k][2] ?? count)(value));
  };
  const made = html("table", {class: "sortable"},
    html("caption", {class: "hidden"}, name),
    html("thead", {}, html("tr", {}, ...columns.map(([title, unit], k) =>
      html("th", {scope: "col", class: isWord[k] ? "word" : null}, title,
        ...(unit ? [html("br"), html("span", {}, unit)] : []))))),
    html("tbody", {}, ...rows.map((r) => html("tr", {}, ...r.map(cell)))));
  makeSortable(made);
  return html("div", {}, html("div", {class: "scroll", tabindex: 0,
    role: "region", "aria-label": name}, made), csvButton(made, name));
}

// A text beside the pointer.
const tip = {
  show(event, text) {
    const box = byId("tip");
    box.textContent = text;
    box.hidden = false;
    const left = Math.min(event.clientX + 14,
      document.documentElement.clientWidth - box.offsetWidth - 4);
    const below = event.clientY + 18;
    const fits = below + box.offsetHeight < window.innerHeight;
    box.style.left = `${Math.max(4, left)}px`;
    box.style.top = `${fits ? below : event.clientY - box.offsetHeight - 8}px`;
  },
  hide() { byId("tip").hidden = true; },
};
