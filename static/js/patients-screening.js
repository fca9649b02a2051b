/* The questionnaire: shows what an answer opens, keeps every answer at once, adds lines.

   form[data-screening]            the section; it works without this script, page by page
   [data-show-parent][data-show-values="yes,unknown"]  a question asked only after these answers
   input[data-exclusive]           "none of these": takes back the others, and they take it back
   [data-lines] + [data-add-line]  a list to write in, and the button for one more line
   [data-kept]                     says that the answers are saved */
(function () {
  "use strict";

  const form = document.querySelector("form[data-screening]");
  if (!form) return;
  const kept = form.querySelector("[data-kept]");
  let timer = 0;
  let leaving = false;

  function answersOf(key) {
    return new FormData(form).getAll(key).filter((value) => value !== "");
  }

  function refresh() {
    form.querySelectorAll("[data-show-parent]").forEach((question) => {
      const wanted = question.dataset.showValues.split(",");
      const parent = form.querySelector('[data-question="' + question.dataset.showParent + '"]');
      if (!parent) return;
      question.hidden = parent.hidden || !answersOf(question.dataset.showParent).some((value) => wanted.includes(value));
    });
  }

  function keep() {
    const data = new FormData(form);
    data.set("go", "keep");
    fetch(form.action, { method: "POST", body: data, credentials: "same-origin", keepalive: true })
      .then((answer) => { if (kept) kept.hidden = !answer.ok; })
      .catch(() => { if (kept) kept.hidden = true; });
  }

  form.addEventListener("change", (event) => {
    const box = event.target;
    if (box.type === "checkbox" && box.checked) {
      form.querySelectorAll('input[type="checkbox"][name="' + box.name + '"]').forEach((other) => {
        if (other !== box && (box.hasAttribute("data-exclusive") || other.hasAttribute("data-exclusive"))) other.checked = false;
      });
    }
    refresh();
    window.clearTimeout(timer);
    timer = window.setTimeout(keep, 400);
  });
  form.addEventListener("submit", () => { leaving = true; window.clearTimeout(timer); });
  window.addEventListener("pagehide", () => {
    if (timer && !leaving) keep();
  });

  form.querySelectorAll("[data-add-line]").forEach((button) => {
    const lines = button.previousElementSibling;
    if (!lines || !lines.matches("[data-lines]")) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const line = lines.lastElementChild.cloneNode();
      line.value = "";
      lines.append(line);
      line.focus();
    });
  });

  refresh();
})();
