"use strict";
// A click on a chart opens the panel with the trials of the cell, and the exact values that
// the tooltip shows. Without this script, links lead to the trials.
const panel = document.getElementById("panel");
const shown = document.getElementById("shown");
function trials(id) {
  const details = document.getElementById(id)?.closest("details");
  if (!details) return [];
  const copies = [...details.children].filter((part) => part.tagName !== "SUMMARY").map((part) => part.cloneNode(true));
  for (const copy of copies) {
    copy.removeAttribute("id");
    copy.querySelectorAll("[id]").forEach((part) => part.removeAttribute("id"));
  }
  return copies;
}
function tooltip(part) {
  for (; part instanceof SVGElement && part.tagName !== "svg"; part = part.parentNode) {
    const title = part.querySelector(":scope > title");
    if (title) {
      const values = document.createElement("p");
      values.className = "values";
      values.textContent = title.textContent;
      return [values];
    }
  }
  return [];
}
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#cell-"], a[href^="#trial-"]');
  const chart = event.target.closest("svg.chart");
  if (!link && !chart) return;
  const parts = [...tooltip(event.target === link ? link.querySelector("rect, path, circle") : event.target)];
  if (link) parts.push(...trials(link.getAttribute("href").slice(1)));
  if (parts.length === 0) return;
  if (link) event.preventDefault();
  shown.replaceChildren(...parts);
  panel.close();
  panel.show();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") panel.close();
});
document.getElementById("close").addEventListener("click", () => panel.close());
// Shows one queue at a time.
const picker = document.getElementById("picker");
function pick() {
  for (const part of document.querySelectorAll("details.recorded")) {
    part.hidden = part.id !== picker.value;
    part.open = !part.hidden;
  }
}
if (picker) {
  picker.closest("p").hidden = false;
  picker.addEventListener("change", pick);
  pick();
}
// Opens the target of a link, from the file of a chart or from a trial to its queue.
function open() {
  const details = document.getElementById(location.hash.slice(1))?.closest("details");
  if (!details) return;
  if (details.classList.contains("recorded")) {
    picker.value = details.id;
    pick();
    panel.close();
    details.scrollIntoView();
  }
  details.open = true;
}
addEventListener("hashchange", open);
open();
