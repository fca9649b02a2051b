/* The search at the top: shows the answers of htmx as a listbox, steered by arrow keys.
   The server answers with links; each becomes an option. Enter with nothing chosen opens the list
   of patients with the same words. Escape closes, a second Escape empties the field. */
(function () {
  "use strict";

  const form = document.querySelector("[data-find]");
  if (!form) return;
  const input = form.querySelector("input");
  const panel = document.getElementById("find-panel");
  let chosen = -1;

  const options = () => Array.from(panel.querySelectorAll("a[href]"));

  function show(open) {
    panel.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) choose(-1);
  }

  function choose(index) {
    const all = options();
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    chosen = index;
    if (index >= 0 && all[index]) {
      input.setAttribute("aria-activedescendant", all[index].id);
      all[index].scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function dress() {
    const all = options();
    all.forEach((option, i) => {
      option.setAttribute("role", "option");
      option.setAttribute("tabindex", "-1");
      option.id = option.id || "find-option-" + i;
    });
    /* a listbox may hold options only; a sentence alone is a status */
    if (all.length) panel.setAttribute("role", "listbox");
    else panel.setAttribute("role", "status");
  }

  panel.addEventListener("htmx:afterSwap", () => {
    dress();
    choose(-1);
    show(input.value.trim() !== "" && panel.textContent.trim() !== "" && document.activeElement === input);
  });

  input.addEventListener("input", () => {
    if (input.value.trim() === "") show(false);
  });
  input.addEventListener("focus", () => {
    if (input.value.trim() !== "" && panel.textContent.trim() !== "") show(true);
  });
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.key === "ArrowDown" && count) {
      event.preventDefault();
      show(true);
      choose((chosen + 1) % count);
    } else if (event.key === "ArrowUp" && count) {
      event.preventDefault();
      show(true);
      choose((chosen - 1 + count) % count);
    } else if (event.key === "Enter" && chosen >= 0 && !panel.hidden) {
      event.preventDefault();
      options()[chosen].click();
    } else if (event.key === "Escape") {
      if (!panel.hidden) show(false);
      else if (input.value) input.value = "";
      else input.blur();
      event.preventDefault();
    }
  });
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target)) show(false);
  });
  form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !form.contains(event.relatedTarget)) show(false);
  });
})();
