// Ticking contacts. The inputs named "selected" are the selection: ticked boxes for the contacts on this page,
// hidden inputs for the others. The server hears of each change and answers with the bar.
"use strict";
{
  const ROW_BOX = "#results tbody input[name=selected]";
  const bar = () => document.getElementById("selection-bar");
  const boxes = () => [...document.querySelectorAll(ROW_BOX)];
  const limit = () => Number(bar()?.dataset.limit || Infinity);
  const announce = (sentence) => document.dispatchEvent(new CustomEvent("app:announce", { detail: sentence }));

  const count = () => {
    const inputs = document.querySelectorAll("#results input[name=selected]");
    return new Set([...inputs].filter((i) => i.type === "hidden" || i.checked).map((i) => i.value)).size;
  };

  let lastTicked = null;
  let full = false; // the last tick met the limit; said until the next one

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
    const message = document.querySelector("[data-limit-message]");
    if (!message) return;
    message.hidden = !full;
    if (full) announce(message.textContent.trim());
  };

  const tellServer = () => {
    const rows = document.querySelector("#results tbody");
    if (rows) rows.dispatchEvent(new Event("change"));
    else if (bar()) htmx.trigger(bar(), "refresh");
  };

  // Tick or untick `some`, as far as the limit allows.
  const tick = (some, on) => {
    let room = limit() - count();
    for (const box of some) {
      if (box.checked === on) continue;
      if (on && room <= 0) {
        full = true;
        continue;
      }
      box.checked = on;
      room -= on ? 1 : 0;
    }
  };

  // Shift-click: what lies between the last box and this one does as this one does. `change` follows.
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches?.(ROW_BOX)) return;
    full = false;
    const all = boxes();
    const from = all.indexOf(lastTicked);
    if (event.shiftKey && from >= 0) {
      const to = all.indexOf(box);
      getSelection()?.removeAllRanges();
      tick(all.slice(Math.min(from, to), Math.max(from, to) + 1).filter((other) => other !== box), box.checked);
    }
    lastTicked = box;
  }, true);

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-select-page]")) {
      full = false;
      tick(boxes(), box.checked);
      refresh();
      tellServer();
    } else if (box.matches(ROW_BOX)) {
      if (box.checked && count() > limit()) {
        box.checked = false;
        full = true;
        event.stopImmediatePropagation();
        announce(""); // the same sentence is to be spoken each time
      }
      refresh();
    }
  }, true);

  // Without JavaScript these buttons ask the server, which says the same.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-needs-selection][aria-disabled=true]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    announce("");
    announce("Select at least one contact first.");
  }, true);

  document.addEventListener("app:selection", tellServer);
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt.id === "results") full = false;
    if (elt === document.body || elt.matches("#results, #selection-bar")) refresh();
  });
}
