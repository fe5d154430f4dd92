// Tables that sort by a click on a column's title. A cell's value is what it
// shows, or the number in its data-value.
"use strict";

function cellValue(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent.replaceAll(",", "");
  const number = parseFloat(text);
  return Number.isNaN(number) ? text : number;
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

document.querySelectorAll("table.sortable").forEach(makeSortable);
