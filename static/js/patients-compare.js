/* Two photographs, one over the other with a slider. Without this script they stand side by side.
   The place of the edge is a custom property set from here: style attributes are refused by the
   content policy, properties set by a script of this site are not. */
(function () {
  "use strict";

  const stage = document.querySelector("[data-compare]");
  if (!stage) return;
  const tools = document.querySelector("[data-compare-tools]");
  const control = document.querySelector("[data-compare-control]");
  const range = control.querySelector('input[type="range"]');
  const buttons = tools.querySelectorAll("[data-compare-mode]");
  const first = stage.querySelector("img");

  function place() {
    stage.style.setProperty("--split", `${range.value}%`);
    range.setAttribute("aria-valuetext", range.dataset.text.replace("{n}", range.value));
  }

  function show(mode) {
    const slider = mode === "slider";
    stage.classList.toggle("is-slider", slider);
    control.hidden = !slider;
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.compareMode === mode)));
  }

  function follow(event) {
    const box = stage.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width) * 100;
    range.value = String(Math.round(Math.min(100, Math.max(0, share))));
    place();
  }

  stage.addEventListener("pointerdown", (event) => {
    if (!stage.classList.contains("is-slider") || event.button > 0) return;
    stage.setPointerCapture(event.pointerId);
    follow(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) follow(event);
  });
  range.addEventListener("input", place);
  buttons.forEach((button) => button.addEventListener("click", () => show(button.dataset.compareMode)));

  stage.style.setProperty("--shape", `${first.getAttribute("width")} / ${first.getAttribute("height")}`);
  stage.style.setProperty("--shape-wide", String(first.getAttribute("width") / first.getAttribute("height")));
  tools.hidden = false;
  place();
  show("slider");
})();
