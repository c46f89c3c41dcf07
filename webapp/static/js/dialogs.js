// Dialogs that htmx inserts, the position of the menu, and forms that must be sent only once.
"use strict";
{
  let openerId = "";

  document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target } }) => {
    if (target.id === "dialog-place") openerId = elt.id;
  });

  const afterClose = (dialog) => {
    const place = dialog.closest("#dialog-place");
    if (!place) {
      // The dialog was on its own page, which is empty now.
      document.querySelector("[data-close-page]")?.click();
      return;
    }
    place.replaceChildren();
    document.getElementById(openerId)?.focus();
  };

  // A dialog that is redrawn, because it was out of date, does not repeat its opening animation.
  let redrawn = false;
  let focused = "";
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    redrawn = target.matches("dialog:modal");
    // A choice redraws the dialog around it, and keeps the focus.
    if (redrawn) focused = document.activeElement?.closest("#plan-choices") ? document.activeElement.id : "";
  });

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    // The control may be in a part of the dialog that arrives later.
    if (elt.id === "plan" && focused) document.getElementById(focused)?.focus();
    if (!elt.matches("dialog") || elt.open) return;
    elt.classList.toggle("dialog-again", redrawn);
    elt.addEventListener("close", () => afterClose(elt));
    elt.showModal();
    const again = focused && elt.querySelector(`#${CSS.escape(focused)}`);
    (again || elt.querySelector("[autofocus]"))?.focus();
  });

  // A second click on Restore, Delete or Cancel sends nothing while the first request runs.
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

  // If the response does not redirect, the form may be sent again.
  document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
    if (!xhr?.getResponseHeader("HX-Redirect")) elt.classList?.remove("is-sent");
  });

  // The browser's Back may show a cached page: load its current state.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  // Browsers without CSS anchor positioning get the menu's position from this script.
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
