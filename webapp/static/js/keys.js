// Esc closes one layer: menu, dialog, search text, page. The browser closes the first two by itself.
"use strict";
{
  const handledByBrowser = (target) => {
    if (document.querySelector(":popover-open, dialog:modal")) return true;
    try {
      return target.matches("select:open, input:open"); // an open list or calendar
    } catch {
      return target.matches("select, input[type=date], input[type=time]");
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || handledByBrowser(event.target)) return;
    const search = document.querySelector("#filters input[type=search]");
    if (search?.value) {
      event.preventDefault();
      search.value = "";
      search.focus();
      search.dispatchEvent(new Event("search", { bubbles: true }));
      return;
    }
    const close = document.querySelector("[data-close-page]");
    if (close) {
      event.preventDefault();
      close.click();
    }
  });

  // Arrow keys move through an open menu; Tab works as well.
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const menu = event.target.closest?.(".menu");
    if (!step || !menu) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll(".menu-item")];
    items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
  });

  // A redraw can remove the focused button: focus then moves to the new part.
  let hadFocus = "";
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    const takesFocus = target.matches("#results, #deletion-notices") && target.contains(document.activeElement);
    hadFocus = takesFocus ? target.id : "";
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (hadFocus && document.activeElement === document.body) document.getElementById(hadFocus)?.focus();
    hadFocus = "";
  });
}
