// Dialogs that htmx brings, the menu's place, and forms that must be sent only once.
"use strict";
{
  let openerId = "";

  document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target } }) => {
    if (target.id === "dialog-place") openerId = elt.id;
  });

  const closed = (dialog) => {
    const place = dialog.closest("#dialog-place");
    if (!place) {
      // It stood on a page of its own, which is empty now.
      document.querySelector("[data-close-page]")?.click();
      return;
    }
    place.replaceChildren();
    document.getElementById(openerId)?.focus();
  };

  // Redrawn in place (it said something that is no longer so): no second entrance.
  let redrawn = false;
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    redrawn = target.matches("dialog:modal");
  });

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (!elt.matches("dialog") || elt.open) return;
    elt.classList.toggle("dialog-again", redrawn);
    elt.addEventListener("close", () => closed(elt));
    elt.showModal();
    elt.querySelector("[autofocus]")?.focus();
  });

  // A second click on Restore, Delete or Cancel sends nothing: the first is under way.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.classList.contains("is-sent")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.classList.add("is-sent");
  }, true);

  // … unless the first brought an answer that leaves the form standing.
  document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
    if (!xhr?.getResponseHeader("HX-Redirect")) elt.classList?.remove("is-sent");
  });

  // Coming back by the browser's Back shows the page as it was left: redraw it from the truth.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  // Where CSS cannot hang the menu under its button, the CSSOM does.
  const anchored = CSS.supports("position-area", "bottom span-left");
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (anchored || !menu.matches?.(".menu") || event.newState !== "open") return;
    const button = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
    Object.assign(menu.style, {
      inset: "auto",
      top: `${button.bottom + 4}px`,
      left: `${Math.max(8, button.right - menu.offsetWidth)}px`,
    });
  }, true);
}
