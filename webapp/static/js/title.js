// The page's title follows the part of it that knows more, so that a tab in the background says how far a job is.
"use strict";
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.dataset?.title) document.title = elt.dataset.title;
});
