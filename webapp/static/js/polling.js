// A fragment that polls is replaced by its successor, which polls on. When the answer never came, or was an
// error shown elsewhere, the old one still stands: ask again, so that a restart of the server goes unnoticed.
"use strict";
{
  const PAUSE = 5000;

  document.addEventListener("htmx:afterRequest", ({ detail: { elt } }) => {
    if (!elt.matches?.("[data-poll]")) return;
    setTimeout(() => {
      if (elt.isConnected) htmx.trigger(elt, "refresh");
    }, PAUSE);
  });
}
