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
// What opened the panel, to which its end leads back.
let opener = null;
function end() {
  panel.close();
  opener?.focus();
}
document.addEventListener("click", (event) => {
  const back = event.target.closest("#panel a.back");
  if (back) {
    event.preventDefault();
    end();
    return;
  }
  const link = event.target.closest('a[href^="#cell-"], a[href^="#trial-"]');
  const chart = event.target.closest("svg.chart");
  if (!link && !chart) return;
  opener = link;
  const parts = [...tooltip(event.target === link ? link.querySelector("rect, path, circle") : event.target)];
  if (link) parts.push(...trials(link.getAttribute("href").slice(1)));
  if (parts.length === 0) return;
  if (link) event.preventDefault();
  shown.replaceChildren(...parts);
  panel.close();
  panel.show();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel.open) end();
});
document.getElementById("close").addEventListener("click", end);
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
  const target = document.getElementById(location.hash.slice(1));
  const details = target?.closest("details");
  if (!details) return;
  for (let part = details; part; part = part.parentElement.closest("details")) part.open = true;
  if (details.classList.contains("recorded")) {
    picker.value = details.id;
    pick();
    panel.close();
  }
  target.scrollIntoView();
}
addEventListener("hashchange", open);
open();
