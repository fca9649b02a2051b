/* A ready answer goes where the cursor stands: [data-canned] buttons, textarea[data-answer]. */
(function () {
  "use strict";

  const answer = document.querySelector("textarea[data-answer]");
  if (!answer) return;
  document.querySelectorAll("[data-canned]").forEach((button) => {
    button.addEventListener("click", () => {
      const before = answer.value.slice(0, answer.selectionStart);
      const gap = before && !before.endsWith("\n") ? "\n\n" : "";
      answer.setRangeText(gap + button.dataset.canned, answer.selectionStart, answer.selectionEnd, "end");
      button.closest("details")?.removeAttribute("open");
      answer.focus();
      answer.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });
})();
