/* Bundles dropped on a form[data-drop] are sent with it. With data-drop-page the form hides until
   files are dragged over the window. On the import page the chosen files are sent at once, too. */
(function () {
  "use strict";

  const form = document.querySelector("form[data-drop]");
  if (!form) return;
  const input = form.querySelector('input[type="file"]');
  const wholePage = form.hasAttribute("data-drop-page");
  const area = wholePage ? document.documentElement : form;
  let depth = 0;

  const carriesFiles = (event) => Array.from(event.dataTransfer?.types || []).includes("Files");
  function show(over) {
    form.classList.toggle("is-over", over);
    if (wholePage) form.hidden = !over;
  }

  area.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth += 1;
    show(true);
  });
  area.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
  area.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(false);
  });
  area.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    if (!event.dataTransfer.files.length) return show(false);
    input.files = event.dataTransfer.files;
    show(true);
    form.requestSubmit();
  });
  if (!wholePage) input.addEventListener("change", () => { if (input.files.length) form.requestSubmit(); });
})();
