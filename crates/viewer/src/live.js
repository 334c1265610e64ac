// A run in progress: each event is a part of this page, as the server shows it.
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
    ? "This page is not updated any more: too many watch, or the server has ended. Load it again later."
    : "The connection is lost; trying again.";
};
