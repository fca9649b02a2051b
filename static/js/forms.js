/* Forms that behave: sent once, changes not lost, errors found.

   Every form with method="post" is guarded against a second press: its buttons rest until the answer
   comes (also when the page returns from the back cache). data-no-guard leaves a form alone.
   data-warn-unsaved on a form asks before the page is left with changes, and shows the element
   [data-dirty-hint] inside the form.
   [data-error-summary] takes the focus when the page opens.
   data-submit-on-change on a form (a filter) sends it as soon as a field changes.
   data-confirm="sentence" on a button or form asks first, in a dialog of the page. */
(function () {
  "use strict";

  const sent = new WeakSet();
  let leaving = false;
  window.addEventListener("mesoclinic:leaving", () => { leaving = true; });

  function rest(form, submitter) {
    sent.add(form);
    /* the pressed button's name and value must still be in what is sent: rest after this tick */
    window.setTimeout(() => {
      buttonsOf(form).forEach((button) => {
        button.disabled = true;
        button.dataset.rested = "1";
      });
      submitter?.setAttribute("aria-busy", "true");
    }, 0);
  }
  function wake(form) {
    sent.delete(form);
    buttonsOf(form).forEach((button) => {
      if (!button.dataset.rested) return;
      button.disabled = false;
      delete button.dataset.rested;
      button.removeAttribute("aria-busy");
    });
  }
  function buttonsOf(form) {
    return Array.from(form.elements).filter(
      (element) => element.type === "submit" && element.nodeName !== "FIELDSET",
    );
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const submitter = event.submitter;
    if (event.defaultPrevented) return;
    const question = submitter?.dataset.confirm || form.dataset.confirm;
    if (question && form.dataset.confirmed !== "1") {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(question, submitter).then((yes) => {
        if (!yes) return;
        form.dataset.confirmed = "1";
        form.requestSubmit(submitter || undefined);
        delete form.dataset.confirmed;
      });
      return;
    }
    /* what opens in a frame beside the form (a preview) leaves the form as it is */
    if (form.method !== "post" || form.hasAttribute("data-no-guard") || submitter?.hasAttribute("formtarget")) return;
    if (sent.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.removeAttribute("data-dirty");
    if (!isHtmx(form)) rest(form, submitter);
  }, true);

  /* htmx sends by itself: rest on its own events */
  const isHtmx = (form) => ["hx-post", "hx-put", "hx-patch", "hx-delete"].some((name) => form.hasAttribute(name));
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target.closest?.("form");
    const cause = event.detail.requestConfig?.triggeringEvent;
    /* a check or a saving in the background must not swallow a press of a button */
    if (form && isHtmx(form) && cause?.type === "submit") rest(form, cause.submitter);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form && isHtmx(form)) window.setTimeout(() => wake(form), 0);
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form").forEach(wake);
  });

  /* unsaved changes */
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || !form.hasAttribute("data-warn-unsaved")) return;
    form.setAttribute("data-dirty", "1");
    form.querySelectorAll("[data-dirty-hint]").forEach((hint) => { hint.hidden = false; });
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && document.querySelector("form[data-dirty]")) event.preventDefault();
  });

  /* filters */
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && form.hasAttribute("data-submit-on-change")) form.requestSubmit();
  });

  /* a question in the page's own dialog */
  function ask(question, opener) {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.setAttribute("role", "alertdialog");
    dialog.setAttribute("aria-labelledby", "ask-title");
    const head = document.createElement("div");
    head.className = "dialog-head";
    const title = document.createElement("h2");
    title.id = "ask-title";
    title.textContent = question;
    head.append(title);
    const foot = document.createElement("div");
    foot.className = "dialog-foot";
    const no = document.createElement("button");
    no.type = "button";
    no.className = "btn btn-secondary";
    no.textContent = document.body.dataset.textCancel || "Cancel";
    const yes = document.createElement("button");
    yes.type = "button";
    yes.className = "btn btn-primary";
    yes.textContent = opener?.textContent.trim() || "OK";
    foot.append(no, yes);
    dialog.append(head, foot);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
      let answer = false;
      no.addEventListener("click", () => dialog.close());
      yes.addEventListener("click", () => { answer = true; dialog.close(); });
      dialog.addEventListener("close", () => {
        dialog.remove();
        opener?.focus();
        resolve(answer);
      });
    });
  }

  /* errors: the summary speaks first, its links lead to the fields */
  document.querySelector("[data-error-summary]")?.focus();
  document.addEventListener("htmx:afterSettle", (event) => {
    event.target.querySelector?.("[data-error-summary]")?.focus();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-error-summary] a[href^='#']");
    if (!link) return;
    const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    const target = field.matches("input, select, textarea") ? field : field.querySelector("input, select, textarea") || field;
    target.focus();
    target.scrollIntoView({ block: "center" });
  });
})();
