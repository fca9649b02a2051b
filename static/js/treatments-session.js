/* The session page: says whether the draft is saved, saves what is left when the page is left, lets a
   press of a button wait for a saving under way, takes codes of a hand scanner, and writes snippets.
   The saving itself is htmx on the form; without JavaScript "Save the draft" does it. */
(function () {
  "use strict";
  const form = document.getElementById("session-form");
  if (!form) return;
  const mark = () => document.getElementById("session-saved");
  const PATIENCE = 15000;
  let signing = false;
  let waiting = false;
  let underWay = 0;
  let held = null;

  const wait = () => { waiting = true; mark()?.classList.add("is-waiting"); };
  form.addEventListener("input", wait);
  form.addEventListener("change", wait);
  /* A saving under way raises the draft's version. A press waits for it, else this page would be in
     conflict with itself; a second press while the first is on its way is none. */
  form.addEventListener("submit", (event) => {
    if (signing) event.preventDefault();
    else if (underWay) {
      event.preventDefault();
      held = { by: event.submitter };
    }
    if (!signing) window.setTimeout(() => { signing = false; }, PATIENCE);
    signing = true;
  });
  function answered() {
    underWay = Math.max(0, underWay - 1);
    if (underWay || !held) return;
    const by = held.by;
    held = null;
    signing = false;
    form.dataset.confirmed = "1";
    form.requestSubmit(by?.isConnected ? by : undefined);
    delete form.dataset.confirmed;
  }
  form.addEventListener("htmx:beforeRequest", (event) => {
    if (signing) { event.preventDefault(); return; }
    waiting = false;
    underWay += 1;
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    window.setTimeout(answered, 0);
    mark()?.classList.toggle("is-failed", !event.detail.successful);
    if (event.detail.successful && !waiting) mark()?.classList.remove("is-waiting");
  });
  window.addEventListener("pageshow", () => { signing = false; });
  /* a tab that is closed or put aside takes its last words along */
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden" || !waiting || signing) return;
    waiting = false;
    underWay += 1;
    fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, headers: { "HX-Request": "true" } })
      .then((answer) => answer.text())
      .then((page) => {
        const fresh = new DOMParser().parseFromString(page, "text/html").getElementById("session-version");
        if (fresh) document.getElementById("session-version")?.replaceWith(fresh);
      })
      .catch(wait)
      .finally(answered);
  });

  /* a hand scanner types quickly and ends with Enter */
  const scan = form.querySelector("[data-scan]");
  const send = document.getElementById("scan-send");
  scan?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (scan.value.trim()) send.click();
  });
  for (const kind of ["input", "change"]) scan?.addEventListener(kind, (event) => event.stopPropagation());
  // The next code takes the place of what stands there, be it read or refused.
  scan?.addEventListener("focus", () => scan.select());
  if (scan && (location.hash === "#scan" || scan.getAttribute("aria-invalid"))) scan.focus();

  /* "same as last time" asks only where something would be written over */
  const same = form.querySelector("[data-confirm-later]");
  form.addEventListener("change", (event) => {
    if (same && /^(map|row-|device|syringe-)/.test(event.target.name || "")) same.dataset.confirm = same.dataset.confirmLater;
  });

  /* a device of the catalogue brings its usual settings along, where none are noted yet */
  form.querySelector("[name=device]")?.addEventListener("change", (event) => {
    const known = [...document.querySelectorAll("#session-devices option")].find((one) => one.value === event.target.value);
    const settings = form.querySelector("[name=device_settings]");
    if (known && settings && !settings.value.trim()) settings.value = known.dataset.settings;
  });

  /* sentences for the notes */
  form.querySelectorAll("[data-snippet]").forEach((button) => {
    button.addEventListener("click", () => {
      const notes = form.querySelector("[name=notes]");
      notes.value = [notes.value.trim(), button.dataset.snippet].filter(Boolean).join(" ");
      notes.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });
})();
