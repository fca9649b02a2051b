/* Says how many photographs are chosen: [data-photo-label] beside input[name=photos]. */
(function () {
  "use strict";

  const photos = document.querySelector('input[name="photos"]');
  const label = document.querySelector("[data-photo-label]");
  if (!photos || !label) return;
  photos.addEventListener("change", () => {
    const n = photos.files.length;
    if (n) label.textContent = n + " " + (n === 1 ? label.dataset.one : label.dataset.many);
  });
})();
