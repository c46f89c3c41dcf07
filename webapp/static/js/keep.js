// Keeps the selection in the tab's storage: only ids, under the user's id. It returns after Back and after a reload; with
// data-keep-selection="always" also when the page is opened anew.
"use strict";
{
  const PREFIX = "selection:";
  const { user, signedOut, keepSelection } = document.body.dataset;
  const keyOf = (path) => `${PREFIX}${user}:${path}`;

  // A browser can forbid storage, and storage can be full. The page then works without it.
  const attempt = (action) => {
    try {
      return action(sessionStorage);
    } catch {
      return null;
    }
  };

  const canStore = attempt((storage) => {
    storage.setItem(PREFIX, "");
    storage.removeItem(PREFIX);
    return true;
  });

  const signOuts = attempt(() => new BroadcastChannel("app:sign-out"));

  const read = (path) => attempt((storage) => storage.getItem(keyOf(path)))?.match(/\d+/g) ?? [];

  // Removed first: if the new value cannot be stored, the old one must not return.
  const write = (path, ids) => {
    attempt((storage) => storage.removeItem(keyOf(path)));
    if (ids.length) attempt((storage) => storage.setItem(keyOf(path), ids.join(" ")));
  };

  const save = () => {
    if (keepSelection) write(location.pathname, selection.ids());
  };

  const forget = (isObsolete) => attempt((storage) => {
    for (const key of Object.keys(storage)) {
      if (key.startsWith(PREFIX) && isObsolete(key)) storage.removeItem(key);
    }
  });

  // Without a user, on an error page or where a session has ended by itself, the selection stays for its owner.
  if (signedOut !== undefined) forget(() => true);
  else if (user) forget((key) => !key.startsWith(keyOf("")));

  // An address can name a selection, for instance that of a link back from a dialog. Then it decides, once.
  const takeFromAddress = () => {
    const address = new URL(location);
    const names = ["selected", "clear"].filter((name) => address.searchParams.has(name));
    for (const name of names) address.searchParams.delete(name);
    // Without storage the address is the only place in which a selection outlives a reload.
    if (names.length && canStore) history.replaceState(history.state, "", address);
    return names.length > 0;
  };

  const returns = () => {
    const navigation = performance.getEntriesByType("navigation")[0]?.type;
    return keepSelection === "always" || navigation === "reload" || navigation === "back_forward";
  };

  let hasReturned = false;
  if (keepSelection) {
    const kept = !takeFromAddress() && returns() ? read(location.pathname) : [];
    for (const id of kept) selection.set(id, true);
    hasReturned = kept.length > 0;
    // The bar takes its place at once, without words until the server sends them.
    if (hasReturned) {
      const { classList } = document.getElementById("selection-bar");
      classList.remove("bar-idle");
      classList.add("bar-waits");
    }
    save();
  }

  document.addEventListener("change", save, true);

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt === document.body && hasReturned) document.dispatchEvent(new CustomEvent("app:selection"));
    if (elt.matches("#results, #selection-bar")) save();
  });

  // The server sends this event when it has started a restore of selected contacts.
  document.addEventListener("app:restoring", ({ detail: { page, ids } }) => {
    for (const id of ids) selection.set(String(id), false);
    write(page, read(page).filter((id) => !ids.includes(Number(id))));
  });

  // The other tabs forget their selections, too.
  document.addEventListener("submit", ({ target }) => {
    if (!target.matches("[data-sign-out]")) return;
    forget(() => true);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no target
    signOuts?.postMessage(null);
  });
  signOuts?.addEventListener("message", () => forget(() => true));
}
