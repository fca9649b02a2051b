/* [data-print] opens the print dialog; without scripts the browser's own menu does. */
(function () {
  "use strict";
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.addEventListener("click", () => window.print());
  });
})();
