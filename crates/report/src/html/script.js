"use strict";
// A cell that is clicked shows its trials here; without this, its link leads to them.
const panel = document.getElementById("panel");
const shown = document.getElementById("shown");
function show(id) {
  const details = document.getElementById(id)?.closest("details");
  if (!details) return false;
  const copies = [...details.children].filter((part) => part.tagName !== "SUMMARY").map((part) => part.cloneNode(true));
  copies.forEach((copy) => copy.removeAttribute("id"));
  shown.replaceChildren(...copies);
  panel.show();
  return true;
}
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#cell-"], a[href^="#trial-"]');
  if (link && show(link.getAttribute("href").slice(1))) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") panel.close();
});
document.getElementById("close").addEventListener("click", () => panel.close());
// From a chart in a file of its own.
function open() {
  const details = document.getElementById(location.hash.slice(1))?.closest("details");
  if (details) details.open = true;
}
addEventListener("hashchange", open);
open();
