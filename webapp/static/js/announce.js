// Speaks for what is swapped in, and keeps the place for errors.
// Other files speak by dispatching "app:announce" on document, with the sentence as `detail`.
"use strict";
{
  let last = "";

  const say = (sentence) => {
    const place = document.getElementById("announcer");
    if (sentence === last || !place) return;
    last = sentence;
    place.textContent = sentence;
  };

  const sayUnreachable = (sentence) => {
    const notice = document.getElementById("unreachable").content.firstElementChild.cloneNode(true);
    notice.id = "error-notice";
    notice.querySelector("p:last-child").textContent = sentence;
    document.getElementById("notices").replaceChildren(notice);
    bringBeforeDialog();
  };

  // A modal dialog makes the rest of the page unreachable, so an error that belongs to it moves into it.
  const bringBeforeDialog = () => {
    const body = document.querySelector("dialog:modal .dialog-body");
    const notice = document.querySelector("#notices > *");
    if (!body || !notice) return;
    body.querySelector("#error-notice")?.remove();
    body.prepend(notice);
  };

  // The fields named by an error stand outside the partial that names them.
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

  document.addEventListener("app:announce", (event) => say(event.detail));

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt === document.body) return markFields();
    if (elt.id === "error-notice") return bringBeforeDialog();
    if (elt.id === "results") markFields();
    const speaker = elt.matches("[data-announce]") ? elt : elt.querySelector("[data-announce]");
    if (speaker?.dataset.announce) say(speaker.dataset.announce);
  });

  // What failed and then worked need not be read any longer.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.status < 400) document.getElementById("notices").replaceChildren();
  });

  for (const trouble of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(trouble, ({ detail: { elt } }) => {
      // Nobody has asked for the exact number; "over 50" is true without it.
      if (elt.id === "results-count") return;
      const again = elt.matches("[data-poll]")
        ? "This page keeps trying. Work in the background continues."
        : "Check your connection and try again. What you typed and selected is kept.";
      sayUnreachable(again);
    });
  }

  document.addEventListener("click", ({ target }) => {
    target.closest("[data-dismiss]")?.closest(".notice").remove();
  });
}
