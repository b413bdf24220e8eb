// Countdowns tick, and menus close on Escape. Every page works without this.
(() => {
  const pad = (number) => String(number).padStart(2, "0");

  function shown(seconds) {
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    return hours ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
  }

  // The server's clock counts: `data-left` is how many seconds were left when the page was made.
  const started = performance.now();

  function tick() {
    for (const place of document.querySelectorAll("[data-left]")) {
      const since = Math.floor((performance.now() - Number(place.dataset.since ?? started)) / 1000);
      place.textContent = shown(Math.max(0, Number(place.dataset.left) - since));
    }
  }

  function begin(root) {
    for (const place of root.querySelectorAll("[data-left]:not([data-since])")) place.dataset.since = performance.now();
    tick();
  }

  document.addEventListener("htmx:load", (event) => begin(event.detail.elt.parentElement ?? document));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest?.("details.account[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  begin(document);
  setInterval(tick, 1000);
})();
