/* Signing with a finger, a pen or a mouse: the strokes become an SVG path in the hidden field
   "signature". The typed name alone is enough, so that nobody needs to draw. */
(function () {
  "use strict";

  const WIDTH = 600;
  const HEIGHT = 200;
  const LONGEST = 19000;
  const pad = document.querySelector("[data-sign-pad]");
  const field = document.querySelector('input[name="signature"]');
  if (!pad || !field) return;
  const picture = pad.querySelector("svg");
  const path = picture.querySelector("path");
  let drawing = false;
  pad.hidden = false;
  path.setAttribute("d", field.value);

  function point(event) {
    const box = picture.getBoundingClientRect();
    const x = Math.round(Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * WIDTH);
    const y = Math.round(Math.min(Math.max((event.clientY - box.top) / box.height, 0), 1) * HEIGHT);
    return x + " " + y;
  }
  function add(command, event) {
    const more = (field.value ? field.value + " " : "") + command + " " + point(event);
    if (more.length > LONGEST) return;
    field.value = more;
    path.setAttribute("d", more);
  }
  picture.addEventListener("pointerdown", (event) => {
    drawing = true;
    picture.setPointerCapture(event.pointerId);
    add("M", event);
    event.preventDefault();
  });
  picture.addEventListener("pointermove", (event) => { if (drawing) add("L", event); });
  ["pointerup", "pointercancel"].forEach((name) => picture.addEventListener(name, () => { drawing = false; }));
  pad.querySelector("[data-sign-clear]").addEventListener("click", () => {
    field.value = "";
    path.setAttribute("d", "");
  });
})();
