// Selecting contacts. The inputs named "selected" are the selection: ticked boxes for the contacts on this page,
// hidden inputs for the others. Each change is sent to the server, which responds with the bar.
// Other files read and change it through `selection`; after a change they dispatch "app:selection" on document.
"use strict";

const selection = {
  inputs: () => [...document.querySelectorAll("#results input[name=selected]")],

  // The ids of the selected contacts, each once.
  ids() {
    return [...new Set(this.inputs().filter((i) => i.type === "hidden" || i.checked).map((i) => i.value))];
  },

  // Select or deselect one contact, whether or not it is on this page of the list.
  set(id, isSelected) {
    const inputs = this.inputs().filter((input) => input.value === id);
    const box = inputs.find((input) => input.type === "checkbox");
    if (box) {
      box.checked = isSelected;
      return;
    }
    for (const hidden of inputs) hidden.remove();
    if (!isSelected) return;
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "selected", value: id });
    document.getElementById("results").append(hidden);
  },
};

{
  const ROW_BOX = "#results tbody input[name=selected]";
  const bar = () => document.getElementById("selection-bar");
  const boxes = () => [...document.querySelectorAll(ROW_BOX)];
  const limit = () => Number(bar()?.dataset.limit || Infinity);
  const announce = (sentence) => document.dispatchEvent(new CustomEvent("app:announce", { detail: sentence }));

  const count = () => selection.ids().length;

  let lastBox = null;
  let atLimit = false; // the last tick exceeded the limit; the message stays until the next one

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
    message.hidden = !atLimit;
    if (atLimit) announce(message.textContent.trim());
  };

  const updateBar = () => {
    const rows = document.querySelector("#results tbody");
    if (rows) rows.dispatchEvent(new Event("change"));
    else if (bar()) htmx.trigger(bar(), "refresh");
  };

  // Tick or untick `some`, up to the limit.
  const setChecked = (some, checked) => {
    let room = limit() - count();
    for (const box of some) {
      if (box.checked === checked) continue;
      if (checked && room <= 0) {
        atLimit = true;
        continue;
      }
      box.checked = checked;
      room -= checked ? 1 : 0;
    }
  };

  // Shift-click gives all boxes from the last one to this one the same state. The event `change` follows.
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches?.(ROW_BOX)) return;
    atLimit = false;
    const all = boxes();
    const from = all.indexOf(lastBox);
    if (event.shiftKey && from >= 0) {
      const to = all.indexOf(box);
      getSelection()?.removeAllRanges();
      setChecked(all.slice(Math.min(from, to), Math.max(from, to) + 1).filter((other) => other !== box), box.checked);
    }
    lastBox = box;
  }, true);

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-select-page]")) {
      atLimit = false;
      setChecked(boxes(), box.checked);
      refresh();
      updateBar();
    } else if (box.matches(ROW_BOX)) {
      if (box.checked && count() > limit()) {
        box.checked = false;
        atLimit = true;
        event.stopImmediatePropagation();
        announce(""); // so that the same sentence is announced again
      }
      refresh();
    }
  }, true);

  // Without JavaScript these buttons send the form, and the server responds with the same message.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-needs-selection][aria-disabled=true]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    announce("");
    announce("Select at least one contact first.");
  }, true);

  document.addEventListener("app:selection", updateBar);
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt.id === "results") atLimit = false;
    // The server has removed these from the selection, and the bar says so.
    for (const id of elt.dataset.gone?.split(" ") ?? []) selection.set(id, false);
    if (elt === document.body || elt.matches("#results, #selection-bar")) refresh();
  });
}
