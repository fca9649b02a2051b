/* What is typed while booking online outlives the time that was held for it: it is kept in this
   tab until the visit is booked, and stands in the form of the next time that is chosen. */
(function () {
  "use strict";
  const KEY = "booking-online";
  const form = document.getElementById("online-person");

  function store() {
    try {
      return window.sessionStorage;
    } catch {
      return null; // in a frame of a browser that shuts other sites' storage
    }
  }

  function kept() {
    try {
      return JSON.parse(store()?.getItem(KEY)) ?? {};
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

  if (document.querySelector("[data-booked]")) {
    store()?.removeItem(KEY);
  } else if (form) {
    const said = kept();
    fields().forEach((field) => {
      if (!(field.name in said)) return;
      if (field.type === "checkbox") field.checked ||= said[field.name] === true;
      else field.value ||= said[field.name];
    });
    form.addEventListener("input", keep);
  }
})();
