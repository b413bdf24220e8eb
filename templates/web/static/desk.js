// The edition desk: the preview follows every change, articles are dragged, focus stays where somebody works. Every
// change can be made without this, by the same forms.
(() => {
  const frame = document.getElementById("vorschau-rahmen");
  const choice = document.getElementById("vorschau-wahl");
  if (!frame || !choice) return;

  // --- Preview ---------------------------------------------------------------------------------------------------
  let shown = 0;
  function showPreview(article) {
    const asked = new URLSearchParams(new FormData(choice));
    if (article) asked.set("artikel", article);
    // Another address each time: to the same one a browser would only scroll.
    asked.set("mal", String((shown += 1)));
    // Not by `src`: every change would become a step of the way back.
    frame.contentWindow.location.replace(`${choice.getAttribute("action")}?${asked}${article ? "#stelle" : ""}`);
  }
  document.body.addEventListener("vorschau", (event) => showPreview(event.detail.artikel || ""));
  choice.addEventListener("change", () => showPreview(""));
  choice.addEventListener("submit", (event) => {
    if (event.submitter?.id !== "vorschau-laden") return;
    event.preventDefault();
    showPreview("");
  });

  // --- Forms -----------------------------------------------------------------------------------------------------
  // What is saved while somebody types renews nothing that they type in.
  document.body.addEventListener("htmx:configRequest", (event) => {
    const kind = event.detail.triggeringEvent?.type;
    const form = event.detail.elt;
    if ((kind !== "input" && kind !== "change") || !form.elements?.formular) return;
    const fields = new URLSearchParams(new FormData(form));
    fields.delete("stand");
    // A field that is left has often been saved a moment ago. Where somebody else was quicker nothing is saved until the
    // editor says which text it shall be.
    if (form.dataset.sent === fields.toString() || form.querySelector('[name="durchsetzen"]')) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = fields.toString();
    event.detail.parameters.leise = "1";
  });
  document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
    const field = document.activeElement;
    const unsaved = field && event.detail.target.contains(field) && "defaultValue" in field && field.value !== field.defaultValue;
    if (unsaved && field.type !== "hidden") event.detail.shouldSwap = false;
  });
  // A panel that somebody has opened gets the focus; one that renews itself does not.
  let opened = false;
  let opens = false;
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target?.id === "werkbank") opened = event.detail.elt.matches("a");
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "werkbank" || !opened) return;
    opened = false;
    opens = true;
    document.getElementById("feld-titel")?.focus();
  });
  document.body.addEventListener("htmx:sendError", () => say("Keine Verbindung. Es wurde nichts gespeichert."));
  document.body.addEventListener("htmx:responseError", () => say("Das hat nicht geklappt. Laden Sie die Seite neu."));

  function say(text) {
    const note = document.createElement("p");
    note.className = "note wrong";
    note.textContent = text;
    document.getElementById("hinweis").replaceChildren(note);
  }

  // --- Dragging --------------------------------------------------------------------------------------------------
  let dragged = null;
  const pieces = () => [...document.querySelectorAll("#ausgabe .piece")];

  function target(event) {
    const list = event.target.closest?.("#ausgabe");
    if (!dragged || !list) return null;
    const before = pieces().find((piece) => {
      const box = piece.getBoundingClientRect();
      return piece !== dragged && event.clientY < box.top + box.height / 2;
    });
    return { before: before ?? null };
  }
  function unmark() {
    for (const piece of document.querySelectorAll(".drop-before, .drop-behind")) piece.classList.remove("drop-before", "drop-behind");
  }
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.('.piece[draggable="true"]') ?? null;
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.querySelector(".title").textContent);
    dragged.classList.add("dragged");
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    unmark();
  });
  document.addEventListener("dragover", (event) => {
    const place = target(event);
    unmark();
    if (!place) return;
    event.preventDefault();
    if (place.before) place.before.classList.add("drop-before");
    else pieces().at(-1)?.classList.add("drop-behind");
  });
  document.addEventListener("drop", (event) => {
    const place = target(event);
    if (!place) return;
    event.preventDefault();
    const form = document.getElementById("stuecke");
    const verb = "pool" in dragged.dataset ? "aufnehmen" : "verschieben";
    htmx.ajax("POST", form.getAttribute("hx-post"), {
      source: form,
      swap: "none",
      values: { tun: `${verb} ${dragged.dataset.key}`, vor: place.before?.dataset.key ?? "" },
    });
  });

  // On a small screen one part of the desk is there at a time, by the page's target.
  const narrow = matchMedia("(max-width: 860px)");
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (narrow.matches && event.detail.target?.id === "werkbank" && opens) location.replace("#werkbank");
    opens = false;
  });

  // With the focus in an article: Alt and an arrow move it, as its buttons do.
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const piece = event.target.closest?.("#ausgabe .piece");
    const button = piece?.querySelector(event.key === "ArrowUp" ? '[id^="hoch-"]' : '[id^="runter-"]');
    if (!button) return;
    event.preventDefault();
    button.click();
  });
})();
