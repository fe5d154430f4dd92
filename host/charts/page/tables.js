// Tables that sort by a click on a column's title, and that are saved as CSV. A
// cell's value is what it shows, or the number in its data-value.

const cellText = (cell) => cell.textContent;
const isNumber = (cell) => cell.dataset.value !== undefined;

function cellValue(row, column) {
  const cell = row.cells[column];
  return isNumber(cell) ? Number(cell.dataset.value) : cellText(cell);
}

function compareValues(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number") return -1;
  if (typeof b === "number") return 1;
  return a.localeCompare(b);
}

function sortTable(table, column) {
  const titles = [...table.tHead.rows[0].cells];
  const rises = titles[column].getAttribute("aria-sort") !== "ascending";
  titles.forEach((t) => t.removeAttribute("aria-sort"));
  titles[column].setAttribute("aria-sort", rises ? "ascending" : "descending");
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => (rises ? 1 : -1) *
    compareValues(cellValue(a, column), cellValue(b, column)));
  table.tBodies[0].append(...rows);
}

// Puts a button around each title.
function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((title, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    button.addEventListener("click", () => sortTable(table, column));
    title.append(button);
  });
}

// "sent (B)" of a title with its unit.
function titleText(title) {
  const unit = title.querySelector("span");
  const name = (title.querySelector("button") ?? title).firstChild.textContent;
  return unit ? `${name} (${unit.textContent})` : name;
}

function csvField(value) {
  let text = String(value);
  // A spreadsheet must not take a name for a formula.
  if (typeof value === "string" && /^[=+\-@\t\r]./.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function tableCsv(table) {
  const titles = [...table.tHead.rows[0].cells].map(titleText);
  const rows = [...table.tBodies[0].rows].map((row) =>
    [...row.cells].map((cell, k) => cellText(cell) === "-" ? ""
      : isNumber(cell) ? cellValue(row, k) : cellText(cell)));
  return [titles, ...rows].map((line) => line.map(csvField).join(",") + "\n")
    .join("");
}

// Returns a button that saves the rows in the order that is shown.
function csvButton(table, name) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Save CSV";
  button.setAttribute("aria-label", `Save CSV of ${name}`);
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.download = `${name.replace(/[^\w]+/g, "_").slice(0, 60)}.csv`;
    link.href =
      `data:text/csv;charset=utf-8,${encodeURIComponent(tableCsv(table))}`;
    link.click();
  });
  const line = document.createElement("p");
  line.className = "screen";
  line.append(button);
  return line;
}

document.querySelectorAll("table.sortable").forEach((table) => {
  makeSortable(table);
  table.parentNode.after(csvButton(table, table.dataset.name));
});
