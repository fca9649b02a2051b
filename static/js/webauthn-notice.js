/* A passkey or security key that was refused or gave up: say so on the page, not only in the console. */
(function () {
  "use strict";
  document.addEventListener("allauth.error", (event) => {
    const notice = document.querySelector("[data-webauthn-error]");
    if (!notice) return;
    event.preventDefault();
    notice.hidden = false;
  });
})();
