/* The builder of questionnaires: shows only what fits. Without this script everything shows.

   [data-kinds="number,date"]                     fields for these kinds of answer only
   [data-answers-of="key"][data-question-field]   the answers of the question chosen in that field
   [data-add-option]                              one more line of choices */
(function () {
  "use strict";

  const form = document.querySelector("form[data-build]");
  if (!form) return;

  function refresh() {
    const kind = form.elements.kind?.value;
    form.querySelectorAll("[data-kinds]").forEach((part) => {
      part.hidden = Boolean(kind) && !part.dataset.kinds.split(",").includes(kind);
    });
    form.querySelectorAll("[data-answers-of]").forEach((group) => {
      const chosen = form.elements[group.dataset.questionField];
      group.hidden = !chosen || chosen.value !== group.dataset.answersOf;
    });
    form.querySelectorAll("[data-answers]").forEach((part) => {
      part.hidden = !part.querySelector("[data-answers-of]:not([hidden])");
    });
  }
  form.addEventListener("change", refresh);
  refresh();

  const add = form.querySelector("[data-add-option]");
  const total = form.querySelector("[data-options-total]");
  if (!add || !total) return;
  add.hidden = false;
  add.addEventListener("click", () => {
    const lines = form.querySelectorAll(".build-option");
    const last = lines[lines.length - 1];
    const line = last.cloneNode(true);
    const number = Number(total.value);
    line.querySelectorAll("input, select, label").forEach((part) => {
      ["name", "id", "for"].forEach((name) => {
        const value = part.getAttribute(name);
        if (value) part.setAttribute(name, value.replace(/option\d+/, "option" + number));
      });
      if (part.type === "checkbox") part.checked = false;
      else if ("value" in part && part.tagName !== "LABEL") part.value = "";
    });
    total.value = String(number + 1);
    last.after(line);
    line.querySelector("input:not([type=hidden])")?.focus();
  });
})();
