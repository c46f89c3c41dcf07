// Announces swapped parts to screen readers, and shows errors of requests.
// Other files announce a sentence by dispatching "app:announce" on document, with the sentence as `detail`.
"use strict";
{
  // A modal dialog makes the rest of the page inert, so a dialog has an announcer of its own.
  const announce = (sentence) => {
    const announcer = document.querySelector("dialog .announcer") ?? document.getElementById("announcer");
    if (announcer && announcer.textContent !== sentence) announcer.textContent = sentence;
  };

  const showUnreachable = (sentence) => {
    const notice = document.getElementById("unreachable").content.firstElementChild.cloneNode(true);
    notice.id = "error-notice";
    notice.querySelector("p:last-child").textContent = sentence;
    document.getElementById("notices").replaceChildren(notice);
    moveIntoDialog();
  };

  // The notice moves into a modal dialog, for the same reason.
  const moveIntoDialog = () => {
    const body = document.querySelector("dialog:modal .dialog-body");
    const notice = document.querySelector("#notices > *");
    if (!body || !notice) return;
    body.querySelector("#error-notice")?.remove();
    body.prepend(notice);
  };

  // The errors are in the results, the fields outside them: mark each field that an error names.
  const markFields = () => {
    for (const field of document.querySelectorAll("#filters .input")) field.removeAttribute("aria-invalid");
    for (const error of document.querySelectorAll("[data-error-for]")) {
      const field = document.getElementById(error.dataset.errorFor);
      if (!field) continue;
      error.id = `error-${error.dataset.errorFor}`;
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", error.id);
    }
  };

  document.addEventListener("app:announce", (event) => announce(event.detail));

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt === document.body) return markFields();
    if (elt.id === "error-notice") return moveIntoDialog();
    if (elt.id === "results") markFields();
    const source = elt.matches("[data-announce]") ? elt : elt.querySelector("[data-announce]");
    if (source?.dataset.announce) announce(source.dataset.announce);
  });

  // What the page requests in the background is no answer to the user: it removes no notice, and shows no error.
  const isInBackground = (elt) => elt?.matches?.("[data-background]");

  // A successful request removes the notice about an earlier failure.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (isInBackground(detail.requestConfig.elt)) {
      if (detail.xhr.status >= 400) detail.shouldSwap = false;
      return;
    }
    if (detail.xhr.status < 400) document.getElementById("notices").replaceChildren();
  });

  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, ({ detail: { elt } }) => {
      // The user did not request the exact number, and "over 50" is true without it.
      if (elt.id === "results-count" || isInBackground(elt)) return;
      const advice = elt.matches("[data-poll]")
        ? "This page keeps trying. Work in the background continues."
        : "Check your connection and try again. What you typed and selected is kept.";
      showUnreachable(advice);
    });
  }

  document.addEventListener("click", ({ target }) => {
    target.closest("[data-dismiss]")?.closest(".notice").remove();
  });
}
