/* The cocktail while it is put together: a press while another is under way takes the earlier one
   along, and the bars follow what is typed. */
(function () {
  "use strict";
  const form = document.getElementById("builder");
  if (!form) return;
  const PRESSED = "button[name=add], button[name=remove], button[name=swap], button[name=recipe]";

  function note(name, value) {
    const kept = document.createElement("input");
    kept.type = "hidden";
    kept.name = name;
    kept.value = value;
    // Goes with the answer that replaces these rows.
    document.getElementById("builder-live").append(kept);
  }
  form.addEventListener("click", (event) => {
    const button = event.target.closest(PRESSED);
    if (button) note(button.name, button.value);
  }, true);
  form.addEventListener("change", (event) => {
    if (event.target.id === "id_add" && event.target.value) note("add", event.target.value);
  }, true);
  // Chosen before anybody listened: htmx, which was loaded earlier, begins with the same event.
  document.addEventListener("DOMContentLoaded", () => {
    form.querySelectorAll("select[hx-post]").forEach((select) => {
      const sent = Array.from(select.options).findIndex((one) => one.defaultSelected);
      if (select.selectedIndex === Math.max(sent, 0)) return;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });
  form.addEventListener("input", (event) => {
    const bar = event.target.closest(".cocktail-row")?.querySelector("progress[data-most]");
    if (!bar) return;
    const share = (100 * Number(event.target.value.replace(",", "."))) / Number(bar.dataset.most);
    bar.value = Math.min(share > 0 ? share : 0, 100);
    bar.classList.toggle("bar-warn", share >= 100);
  });
})();
