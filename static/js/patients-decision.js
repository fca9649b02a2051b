/* The decision form shows only the fields that the chosen decision needs. */
(function () {
  "use strict";

  const form = document.querySelector("form[data-decision]");
  if (!form) return;

  function refresh() {
    const chosen = form.querySelector('input[name="decision"]:checked');
    form.querySelectorAll("[data-for]").forEach((part) => {
      part.hidden = !chosen || part.dataset.for !== chosen.value;
    });
  }
  form.addEventListener("change", refresh);
  refresh();
})();
