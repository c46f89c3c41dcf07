// What a new table must not lose: ticks made while it was under way, and the selection when filters are cleared.
"use strict";
{
  const selected = () => {
    const inputs = [...document.querySelectorAll("#results input[name=selected]")];
    return new Set(inputs.filter((i) => i.type === "hidden" || i.checked).map((i) => i.value));
  };

  // The selection each request was sent with. What differs when its answer comes was ticked since.
  const sentWith = new WeakMap();
  let since = [];

  document.addEventListener("htmx:beforeRequest", ({ detail: { xhr, target } }) => {
    if (target.matches("#results, #selection-bar")) sentWith.set(xhr, selected());
  });

  document.addEventListener("htmx:beforeSwap", ({ detail: { xhr, target } }) => {
    if (target.id !== "results" || !sentWith.has(xhr)) return;
    const before = sentWith.get(xhr);
    const now = selected();
    since = [
      ...[...now].filter((id) => !before.has(id)).map((id) => [id, true]),
      ...[...before].filter((id) => !now.has(id)).map((id) => [id, false]),
    ];
  });

  const tickAgain = (results, [id, on]) => {
    const inputs = [...results.querySelectorAll("input[name=selected]")].filter((input) => input.value === id);
    const box = inputs.find((input) => input.type === "checkbox");
    if (box) {
      box.checked = on;
      return;
    }
    for (const hidden of inputs) hidden.remove();
    if (on) results.append(Object.assign(document.createElement("input"), { type: "hidden", name: "selected", value: id }));
  };

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt.id !== "results" || !since.length) return;
    for (const change of since) tickAgain(elt, change);
    since = [];
    document.dispatchEvent(new CustomEvent("app:selection"));
  });

  // A number that has come later stands on the button as well. One that comes too late is put into a table that
  // is gone, and nothing is heard of it.
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    const words = elt.querySelector(":scope > [data-all-label]")?.dataset.allLabel;
    if (words) document.getElementById("restore-all").textContent = words;
  });

  // "Clear filters" keeps the selection: empty the fields before htmx reads the form.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-clear-filters]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const field of document.querySelectorAll("#filters [name]")) field.value = "";
    for (const hidden of document.querySelectorAll("#results [name=restored_by]")) hidden.remove();
  }, true);
}
