// A run in progress: each event replaces a part of this page.
const live = document.getElementById("live");
const connection = document.getElementById("connection");
const source = new EventSource(live.dataset.events);
for (const part of ["progress", "now", "cells", "end"]) {
  source.addEventListener(part, (event) => {
    document.getElementById(part).innerHTML = JSON.parse(event.data);
  });
}
source.addEventListener("bye", () => {
  source.close();
  connection.textContent = "";
});
source.onopen = () => { connection.textContent = "live"; };
source.onerror = () => {
  connection.textContent = source.readyState === EventSource.CLOSED
    ? "This page is no longer updated: too many pages watch runs, or the server was stopped. Reload it later."
    : "Connection lost; reconnecting.";
};
