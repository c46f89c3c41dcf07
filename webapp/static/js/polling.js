// A part that polls is replaced by its response, which polls again. If the request failed, if nothing has changed (204),
// or if the response was an error that is shown elsewhere, the old part is still there: request it again, so that
// polling survives a restart of the server.
"use strict";
{
  const PAUSE = 5000;

  document.addEventListener("htmx:afterRequest", ({ detail: { elt } }) => {
    if (!elt.matches?.("[data-poll], [data-background]")) return;
    setTimeout(() => {
      if (elt.isConnected) htmx.trigger(elt, "refresh");
    }, PAUSE);
  });
}
