/* The check-in, one question at a time; without this script it is one long page.

   form[data-steps]         holds the steps; [data-step] each of them
   [data-step][data-of=id]  only while the box with that id is ticked
   [data-step][data-last]   the last one: a photograph, a word
   Outside the form: [data-back] [data-more] [data-next] [data-send] and [data-step-bar].
   The browser's own "back" goes one step back too. */
(function () {
  "use strict";

  const form = document.querySelector("form[data-steps]");
  if (!form) return;
  const steps = Array.from(form.querySelectorAll("[data-step]"));
  const one = (name) => document.querySelector("[data-" + name + "]");
  const [back, more, next, send, bar] = ["back", "more", "next", "send", "step-bar"].map(one);
  const missing = form.querySelector("[data-face-missing]");
  const boxOf = (step) => (step.dataset.of ? document.getElementById(step.dataset.of) : null);
  const ticked = () => Array.from(form.querySelectorAll("input[data-level]:checked"));
  const acute = () => ticked().some((box) => ["urgent", "emergency"].includes(box.dataset.level));
  const other = () => form.elements.other && form.elements.other.checked;
  let at = 0;

  /* whoever must call now is asked nothing more */
  function wanted() {
    return steps.filter((step) => !step.dataset.of || (boxOf(step).checked && !acute()));
  }

  function show(place, focus) {
    const path = wanted();
    at = Math.max(0, Math.min(place, path.length - 1));
    steps.forEach((step) => { step.hidden = step !== path[at]; });
    const isLast = at === path.length - 1;
    const plain = at === 0 && path.length === 2 && !other();
    back.hidden = at === 0;
    more.hidden = !plain;
    next.hidden = isLast || plain || (at === 0 && acute() && !other());
    send.hidden = !next.hidden;
    if (acute() && at === 0) more.hidden = false;
    bar.hidden = path.length < 3;
    bar.max = path.length;
    bar.value = at + 1;
    if (focus) {
      path[at].querySelector("h1, h2")?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }

  function faceChosen() {
    const chosen = Boolean(form.querySelector('input[name="feeling"]:checked'));
    missing.hidden = chosen;
    if (!chosen) form.querySelector('input[name="feeling"]').focus();
    return chosen;
  }

  function unanswered() {
    return Array.from(wanted()[at].querySelectorAll(".scale")).find((scale) => !scale.querySelector("input:checked"));
  }

  function go(place) {
    history.pushState({ at: place }, "");
    show(place, true);
  }

  next.addEventListener("click", () => {
    if (at === 0 && !faceChosen()) return;
    const gap = unanswered();
    steps.forEach((step) => step.querySelectorAll(".scale").forEach((scale) => scale.classList.toggle("is-missing", scale === gap)));
    if (gap) { gap.querySelector("input").focus(); return; }
    go(at + 1);
  });
  more.addEventListener("click", () => { if (faceChosen()) go(wanted().length - 1); });
  back.addEventListener("click", () => history.back());
  window.addEventListener("popstate", (event) => show(event.state ? event.state.at : 0, true));
  form.addEventListener("change", (event) => {
    if (event.target.name === "feeling") missing.hidden = true;
    event.target.closest(".scale")?.classList.remove("is-missing");
    if (at === 0) show(0, false);
  });
  form.addEventListener("submit", (event) => {
    if (at === 0 && !faceChosen()) event.preventDefault();
  });

  form.classList.add("is-stepped");
  const faulty = wanted().findIndex((step) => step.querySelector(".field-error:not([hidden])"));
  history.replaceState({ at: 0 }, "");
  if (faulty > 0) go(faulty); else show(0, false);
})();
