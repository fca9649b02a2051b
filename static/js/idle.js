/* The end of a quiet session. The server ends it after data-idle-seconds without a request; here the
   person is told one minute before, may stay, and else goes to the sign-in page that leads back.
   Whoever types or points keeps the session: the page says so to the server every few minutes.
   Several tabs share one clock (localStorage). Nothing here lengthens a session by itself. */
(function () {
  "use strict";

  const notice = document.getElementById("idle-notice");
  if (!notice) return;
  const limit = Number(document.body.dataset.idleSeconds || 900) * 1000;
  const warnBefore = Math.min(60000, limit / 2);
  const sayEvery = Math.min(240000, limit / 3);
  const address = document.body.dataset.keepAliveUrl;
  const left = notice.querySelector("[data-idle-left]");
  const KEY = "mesoclinic.lastRequest";
  let lastRequest = 0;
  let lastTouch = 0;
  let opener = null;

  function note() {
    lastRequest = Date.now();
    localStorage.setItem(KEY, String(lastRequest));
  }
  function newest() {
    return Math.max(lastRequest, Number(localStorage.getItem(KEY)) || 0);
  }
  function tell() {
    if (!address) return Promise.resolve();
    const token = document.querySelector('meta[name="csrf-token"]');
    return fetch(address, {
      method: "POST",
      credentials: "same-origin",
      redirect: "manual",
      headers: { "X-CSRFToken": token ? token.content : "" },
    }).then((answer) => {
      if (answer.ok) note();
      else if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) window.mesoclinic.signInAgain();
    }).catch(() => {});
  }
  function hide() {
    if (notice.hidden) return;
    notice.hidden = true;
    opener?.focus?.();
  }

  note();
  document.addEventListener("htmx:afterOnLoad", note);
  ["pointerdown", "keydown", "input"].forEach((name) => {
    document.addEventListener(name, () => { lastTouch = Date.now(); }, { passive: true });
  });
  notice.querySelector("[data-stay]").addEventListener("click", () => {
    tell().then(hide);
  });

  window.setInterval(() => {
    const now = Date.now();
    const quiet = now - newest();
    if (quiet >= limit) {
      window.mesoclinic.signInAgain();
    } else if (quiet >= limit - warnBefore) {
      left.textContent = String(Math.ceil((limit - quiet) / 1000));
      if (notice.hidden) {
        opener = document.activeElement;
        notice.hidden = false;
        notice.querySelector("[data-stay]").focus({ preventScroll: true });
      }
    } else {
      hide();
      if (lastTouch > newest() && now - newest() >= sayEvery) tell();
    }
  }, 1000);
})();
