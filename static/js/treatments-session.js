/* The session page: says whether the draft is saved, and keeps the server's answer from overtaking
   a signature. The saving itself is htmx on the form; without JavaScript "Save the draft" does it. */
(function () {
  "use strict";
  const form = document.getElementById("session-form");
  if (!form) return;
  const mark = () => document.getElementById("session-saved");
  let signing = false;

  form.addEventListener("input", () => mark()?.classList.add("is-waiting"));
  form.addEventListener("submit", () => { signing = true; });
  form.addEventListener("htmx:beforeRequest", (event) => {
    if (signing) event.preventDefault();
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    mark()?.classList.toggle("is-failed", !event.detail.successful);
    if (event.detail.successful) mark()?.classList.remove("is-waiting");
  });
  window.addEventListener("pageshow", () => { signing = false; });
})();
