// Sorts the tables of class "sorted" by the column that is pressed, and filters the students' rows. The page reads as
// well without it: it adds what only it can do, and changes no content.
"use strict";

function key(cell) {
  const text = cell.textContent.trim();
  const number = Number(text.replace("−", "-").replace("%", "").split(" ")[0]);
  return text && Number.isFinite(number) ? number : text === "–" ? -Infinity : text.toLowerCase();
}

function compare(a, b) {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}

for (const table of document.querySelectorAll("table.sorted")) {
  const head = table.rows[0];
  const body = table.tBodies[0];
  [...head.cells].forEach((cell, column) => {
    const button = document.createElement("button");
    button.append(...cell.childNodes);
    button.title = "sort by this column";
    cell.append(button);
    button.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      for (const other of head.cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.rows].filter((row) => row !== head && row.cells.length === head.cells.length);
      rows.sort((a, b) => compare(key(a.cells[column]), key(b.cells[column])) * (down ? -1 : 1));
      body.append(...rows);
      // Headings between rows mean nothing in another order.
      for (const row of table.rows) row.hidden = row !== head && row.cells.length !== head.cells.length;
    });
  });
}

const students = document.querySelector("#students");
if (students) {
  const label = document.createElement("label");
  const field = document.createElement("input");
  const count = document.createElement("span");
  field.type = "search";
  count.setAttribute("role", "status");
  label.append("Only rows with ", field);
  label.className = "filter";
  students.parentElement.before(label, count);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of [...students.rows].slice(1)) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    count.textContent = words.length ? ` ${shown} of ${students.rows.length - 1} students` : "";
  });
}
