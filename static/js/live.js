/* The number beside the inbox and the banner of what is urgent, asked for every few seconds.

   [data-live]      in the side: its address answers the count and a <template data-urgent>
   [data-copy-count] shows the same number; #urgent takes the banner, and without it the title is
   left alone too: a patient reads that page
   A tab that is not looked at asks less often; asking is no activity (X-Background). */
(function () {
  "use strict";

  const spot = document.querySelector("[data-live]");
  if (!spot) return;
  const banner = document.getElementById("urgent");
  const title = document.title;
  const NEAR = 4000;
  const FAR = 20000;
  let shown = "";
  let timer = 0;

  function apply(text) {
    const box = document.createElement("template");
    box.innerHTML = text;
    const urgent = box.content.querySelector("template[data-urgent]");
    urgent?.remove();
    const nodes = Array.from(box.content.childNodes).filter((node) => node.nodeType !== 3 || node.textContent.trim());
    spot.replaceChildren(...nodes.map((node) => node.cloneNode(true)));
    document.querySelectorAll("[data-copy-count]").forEach((copy) => {
      copy.replaceChildren(...nodes.map((node) => node.cloneNode(true)));
    });
    const lines = urgent ? Array.from(urgent.content.children) : [];
    const ids = lines.map((line) => line.dataset.task).join(" ");
    if (!banner) return;
    document.title = (lines.length ? "(!) " : "") + title;
    if (ids === shown && ids) {
      lines.forEach((line) => {
        const old = banner.querySelector('[data-task="' + line.dataset.task + '"] .urgent-body');
        if (old && !banner.contains(document.activeElement)) old.replaceWith(line.querySelector(".urgent-body"));
      });
      return;
    }
    shown = ids;
    banner.replaceChildren(...lines);
    banner.hidden = lines.length === 0;
  }

  function ask() {
    window.clearTimeout(timer);
    fetch(spot.dataset.live, {
      credentials: "same-origin", redirect: "error",
      headers: { "X-Background": "1", "X-Requested-With": "XMLHttpRequest" },
    })
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))))
      .then(apply)
      .catch(() => {})
      .finally(() => { timer = window.setTimeout(ask, document.hidden ? FAR : NEAR); });
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  window.addEventListener("pagehide", () => window.clearTimeout(timer));
  window.addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
  ask();
})();
