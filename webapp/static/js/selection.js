// Ticking contacts. The page's inputs named "selected" are the selection: ticked boxes for the contacts on
// this page, hidden inputs for the others. The server is told of each change and answers with the bar.
"use strict";
{
  const bar = () => document.getElementById("selection-bar");
  const boxes = () => [...document.querySelectorAll("#results tbody input[name=selected]")];
  const limit = () => Number(bar()?.dataset.limit || Infinity);
  const announce = (sentence) => document.dispatchEvent(new CustomEvent("app:announce", { detail: sentence }));

  const count = () => {
    const inputs = document.querySelectorAll("#results input[name=selected]");
    return new Set([...inputs].filter((i) => i.type === "hidden" || i.checked).map((i) => i.value)).size;
  };

  // Ticks made while a new table is under way: it was asked for without them, so they are made again in it.
  let late = null;
  let lastTicked = null;

  const refresh = () => {
    const all = boxes();
    const ticked = all.filter((box) => box.checked).length;
    const head = document.querySelector("[data-select-page]");
    if (head) {
      head.checked = all.length > 0 && ticked === all.length;
      head.indeterminate = ticked > 0 && ticked < all.length;
    }
    for (const button of document.querySelectorAll("[data-needs-selection]")) {
      if (count()) button.removeAttribute("aria-disabled");
      else button.setAttribute("aria-disabled", "true");
    }
  };

  const sayFull = () => {
    const message = document.querySelector("[data-limit-message]");
    if (!message) return;
    message.hidden = false;
    announce(""); // so that the same sentence is spoken again the next time
    announce(message.textContent.trim());
  };

  const tellServer = () => document.querySelector("#results tbody")?.dispatchEvent(new Event("change"));

  // Tick or untick `some` as far as the limit allows; whether all could be.
  const tick = (some, on) => {
    let room = limit() - count();
    let complete = true;
    for (const box of some) {
      if (box.checked === on) continue;
      if (on && room <= 0) {
        complete = false;
        continue;
      }
      box.checked = on;
      room -= on ? 1 : 0;
      late?.set(box.value, on);
    }
    return complete;
  };

  document.addEventListener("click", (event) => {
    const box = event.target;
    if (event.target.closest?.("[data-needs-selection][aria-disabled=true]")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      announce("Select at least one contact first.");
      return;
    }
    if (!box.matches?.("#results tbody input[name=selected]")) return;
    const all = boxes();
    const from = all.indexOf(lastTicked);
    if (event.shiftKey && from >= 0) {
      const to = all.indexOf(box);
      const between = all.slice(Math.min(from, to), Math.max(from, to) + 1).filter((other) => other !== box);
      getSelection()?.removeAllRanges();
      if (!tick(between, box.checked)) queueMicrotask(sayFull);
    }
    lastTicked = box;
  }, true);

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-select-page]")) {
      const complete = tick(boxes(), box.checked);
      refresh();
      tellServer();
      if (!complete) sayFull();
    } else if (box.matches("#results tbody input[name=selected]")) {
      if (box.checked && count() > limit()) {
        box.checked = false;
        event.stopImmediatePropagation();
        sayFull();
      } else {
        late?.set(box.value, box.checked);
      }
      refresh();
    }
  }, true);

  // "Clear filters" keeps the selection: empty the fields before htmx reads the form.
  document.addEventListener("click", ({ target }) => {
    if (!target.closest?.("[data-clear-filters]")) return;
    for (const field of document.querySelectorAll("#filters [name]")) field.value = "";
    for (const hidden of document.querySelectorAll("#results [name=restored_by]")) hidden.remove();
  }, true);

  document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target } }) => {
    if (target.id === "results") late = new Map();
    else if (elt.matches("[data-poll]")) late ??= new Map();
  });

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt.id === "results" && late?.size) {
      const shown = new Map(boxes().map((box) => [box.value, box]));
      for (const [value, on] of late) {
        if (shown.has(value)) shown.get(value).checked = on;
        else for (const input of elt.querySelectorAll(`input[type=hidden][name=selected][value="${CSS.escape(value)}"]`)) input.remove();
        if (!shown.has(value) && on) {
          elt.append(Object.assign(document.createElement("input"), { type: "hidden", name: "selected", value }));
        }
      }
      late = null;
      tellServer();
    }
    refresh();
  });
}
