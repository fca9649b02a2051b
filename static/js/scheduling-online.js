/* What is typed while booking online outlives the time that was held for it: it is kept in this
   tab until the visit is booked, and stands in the form of the next time that is chosen.
   So is which time this tab holds: who goes back by the browser's own button is led on to it, and
   gives it back by taking another one. No cookie could say so inside a frame of another site. */
(function () {
  "use strict";
  const KEY = "booking-online";
  const HELD = "booking-online-held";
  const form = document.getElementById("online-person");

  function store() {
    try {
      return window.sessionStorage;
    } catch {
      return null; // in a frame of a browser that shuts other sites' storage
    }
  }

  function kept(key) {
    try {
      return JSON.parse(store()?.getItem(key)) ?? {};
    } catch {
      return {};
    }
  }

  function fields() {
    return [...form.elements].filter(
      (field) => field.name && !["hidden", "submit", "button"].includes(field.type)
    );
  }

  function keep() {
    const said = fields().map((field) => [
      field.name,
      field.type === "checkbox" ? field.checked : field.value,
    ]);
    store()?.setItem(KEY, JSON.stringify(Object.fromEntries(said)));
  }

  function showHeld() {
    const strip = document.getElementById("still-held");
    if (!strip) return;
    const held = kept(HELD);
    const mine = held.address?.startsWith(window.location.pathname);
    const alive = mine && held.until > Date.now();
    strip.hidden = !alive;
    const choice = document.getElementById("online-choice");
    if (choice) choice.elements.held.value = alive ? held.token : "";
    if (!alive) return;
    strip.querySelector("[data-time]").textContent = held.time;
    strip.querySelector("[data-go]").href = held.address;
    strip.querySelector("form").action = held.address;
  }

  // Also when the browser brings the page back as it was left.
  window.addEventListener("pageshow", showHeld);

  const holds = document.querySelector("[data-held]");
  if (holds) {
    const { held: token, seconds, time } = holds.dataset;
    const until = Date.now() + 1000 * Number(seconds);
    const address = window.location.pathname;
    store()?.setItem(HELD, JSON.stringify({ token, until, time, address }));
  }
  if (document.querySelector("[data-booked], [data-over]")) store()?.removeItem(HELD);
  document.addEventListener("submit", (event) => {
    if (event.submitter?.name === "back") store()?.removeItem(HELD);
  });

  if (document.querySelector("[data-booked]")) {
    store()?.removeItem(KEY);
  } else if (form) {
    const said = kept(KEY);
    fields().forEach((field) => {
      if (!(field.name in said)) return;
      if (field.type === "checkbox") field.checked ||= said[field.name] === true;
      else field.value ||= said[field.name];
    });
    form.addEventListener("input", keep);
  }
})();
