// Keeps ticks that were made while a new table was loading, and the selection when filters are cleared.
"use strict";
{
  const selected = () => new Set(selection.ids());

  // The selection that each request was sent with. Differences at its response are changes made since.
  const sentWith = new WeakMap();
  let changes = [];

  document.addEventListener("htmx:beforeRequest", ({ detail: { xhr, target } }) => {
    if (target.matches("#results, #selection-bar")) sentWith.set(xhr, selected());
  });

  document.addEventListener("htmx:beforeSwap", ({ detail: { xhr, target } }) => {
    if (target.id !== "results" || !sentWith.has(xhr)) return;
    const before = sentWith.get(xhr);
    const now = selected();
    changes = [
      ...[...now].filter((id) => !before.has(id)).map((id) => [id, true]),
      ...[...before].filter((id) => !now.has(id)).map((id) => [id, false]),
    ];
  });

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt.id !== "results" || !changes.length) return;
    for (const [id, isSelected] of changes) selection.set(id, isSelected);
    changes = [];
    document.dispatchEvent(new CustomEvent("app:selection"));
  });

  // The exact number also appears on the button. A response for a table that has been replaced has no effect,
  // because htmx swaps it into the removed table.
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    const label = elt.querySelector(":scope > [data-all-label]")?.dataset.allLabel;
    if (label) document.querySelector("[data-acts-on-all]").textContent = label;
  });

  // "Clear filters" keeps the selection: empty the fields before htmx reads the form.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-clear-filters]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const field of document.querySelectorAll("#filters [name]")) field.value = "";
    for (const hidden of document.querySelectorAll("#results [name=restored_by]")) hidden.remove();
  }, true);

  // A section whose button was pressed may be drawn without it: the focus stays in the section.
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt.matches("[data-keeps-focus]") && document.activeElement === document.body) elt.focus({ preventScroll: true });
  });
}
