// Draws each canvas of class "chart" from the JSON whose id it names, by
// Chart.js: columns, rows, and which columns are series. Where a row has no
// number a line has a gap.

const kMarkers = ["circle", "rect", "triangle", "rectRot", "star", "cross",
  "rectRounded", "crossRot"];

function chartColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name)
    .trim();
}

function columnTitle(column) {
  return column.kind ? `${column.name} (${column.kind})` : column.name;
}

function numberText(value) {
  return value.toLocaleString("en-US", {maximumSignificantDigits: 4});
}

function seriesStyle(column, position) {
  const style = column.style < 0 ? position : column.style;
  const color = chartColor(`--c${style % 8}`);
  const isQuoted = column.kind === "quoted";
  return {label: columnTitle(column), borderColor: color, color,
    backgroundColor: isQuoted ? chartColor("--back") : color,
    pointStyle: kMarkers[style % kMarkers.length], isQuoted};
}

function lineSeries(chart, at, position) {
  const column = chart.columns[at];
  const style = seriesStyle(column, position);
  const points = chart.rows.map((row) => ({x: row[chart.x],
    y: row[at] ?? NaN, row}));
  return {...style, data: points, showLine: column.joined, borderWidth: 2,
    borderDash: style.isQuoted ? [6, 4] : [], spanGaps: style.isQuoted,
    pointRadius: 4, pointHoverRadius: 6, fill: false};
}

// The next of 1, 2 and 5 times a power of ten below a value, or above it.
function niceBound(value, isBelow) {
  const power = 10 ** Math.floor(Math.log10(value));
  const bounds = [1, 2, 5, 10].map((factor) => factor * power);
  return isBelow ? bounds.filter((b) => b <= value * (1 + 1e-9)).at(-1)
    : bounds.find((b) => b >= value * (1 - 1e-9));
}

// Of a logarithmic axis only ticks of 1, 2 and 5 have room for a text.
function logarithmicText(value) {
  const first = Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));
  return [1, 2, 5].includes(first) ? numberText(value) : "";
}

// `values` are those of the axis.
function axis(title, isLogarithmic, values) {
  const range = {beginAtZero: true};
  const positive = values.filter((v) => v > 0);
  if (isLogarithmic && positive.length > 0) {
    range.min = niceBound(Math.min(...positive), true);
    range.max = niceBound(Math.max(...positive), false);
  }
  return {type: isLogarithmic ? "logarithmic" : "linear", ...range,
    title: {display: true, text: title, color: chartColor("--text")},
    grid: {color: chartColor("--grid")},
    ticks: {color: chartColor("--text"),
      callback: isLogarithmic ? logarithmicText : numberText}};
}

// What a row says in words, such as the plan of a point.
function wordsOf(chart, row) {
  return row.filter((cell, k) => typeof cell === "string" && k !== chart.x);
}

function chartOptions(chart, scales, isStacked) {
  return {animation: false, responsive: true, maintainAspectRatio: false,
    scales, plugins: {
      legend: {labels: {color: chartColor("--text"), boxWidth: 10,
        boxHeight: 8, usePointStyle: !isStacked}},
      tooltip: {callbacks: {
        title: () => "",
        label: (item) => {
          const at = chart.series[item.datasetIndex];
          const column = chart.columns[at], row = chart.rows[item.dataIndex];
          return [`${chart.columns[chart.x].name} ${row[chart.x]}, ` +
            `${columnTitle(column)}: ${numberText(row[at])} ${column.unit}`,
          ...wordsOf(chart, row)];
        }}}}};
}

function lineChart(chart) {
  const x = chart.columns[chart.x];
  const title = x.unit ? `${x.name}, ${x.unit}` : x.name;
  return {type: "scatter",
    data: {datasets: chart.series.map((at, k) => lineSeries(chart, at, k))},
    options: chartOptions(chart, {
      x: axis(title, chart.log_x, chart.rows.map((row) => row[chart.x])),
      y: axis(chart.y_label, chart.log_y,
        chart.rows.flatMap((row) => chart.series.map((at) => row[at])))},
    false)};
}

function stackedChart(chart) {
  const scales = {x: {stacked: true, grid: {display: false},
    ticks: {color: chartColor("--text")}},
  y: {...axis(chart.y_label, false, []), stacked: true}};
  return {type: "bar",
    data: {labels: chart.rows.map((row) => [row[chart.x + 1], row[chart.x]]),
      datasets: chart.series.map((at, k) => ({
        ...seriesStyle(chart.columns[at], k),
        data: chart.rows.map((row) => row[at])}))},
    options: chartOptions(chart, scales, true)};
}

let drawnCharts = [];
function* chartParts() {
  drawnCharts.forEach((chart) => chart.destroy());
  drawnCharts = [];
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
    const chart = JSON.parse(
      document.getElementById(canvas.dataset.chart).textContent);
    drawnCharts.push(new Chart(canvas, chart.stacked ? stackedChart(chart)
      : lineChart(chart)));
    yield;
  }
}
const drawCharts = () => drawByMoments("charts", chartParts());

drawCharts();
window.matchMedia("(prefers-color-scheme: dark)")
  .addEventListener("change", drawCharts);
