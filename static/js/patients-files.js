/* Sends chosen files one by one, each with its own progress and its own answer. Without this script
   the form sends them all at once. One that was refused stays in the list with the reason and is not
   sent again; one that did not arrive is. */
(function () {
  "use strict";

  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const words = form.dataset;
  const inputs = form.querySelectorAll('input[type="file"]');
  const queue = form.querySelector("[data-queue]");
  const status = form.querySelector("[data-upload-status]");
  const button = form.querySelector('button[type="submit"]');
  const seeKept = form.querySelector("[data-see-kept]");
  let items = [];

  function megabytes(bytes) {
    const unit = bytes < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
    const shape = { style: "unit", unit: unit[0], maximumFractionDigits: 1 };
    return new Intl.NumberFormat(document.documentElement.lang, shape).format(bytes / unit[1]);
  }

  function line(file) {
    const row = document.createElement("li");
    row.className = "row-item";
    const body = document.createElement("span");
    body.className = "row-body";
    const title = document.createElement("span");
    title.className = "row-title";
    title.textContent = file.name;
    const note = document.createElement("span");
    note.className = "row-note";
    const bar = document.createElement("progress");
    bar.className = "bar bar-thin";
    bar.max = 100;
    bar.value = 0;
    bar.hidden = true;
    bar.setAttribute("aria-label", file.name);
    body.append(title, note, bar);
    row.append(body);
    queue.append(row);
    return { row, note, bar };
  }

  function add(file) {
    const item = { file, done: false, ...line(file) };
    const large = file.size > Number(words.mostBytes) * 1.05;
    item.note.textContent = `${megabytes(file.size)} · ${large ? words.textLarge : words.textChosen}`;
    item.note.classList.toggle("tone-stop", large);
    if (!large) items.push(item);
  }

  inputs.forEach((input) => input.addEventListener("change", () => {
    Array.from(input.files).forEach(add);
    input.value = "";
    queue.hidden = !queue.children.length;
    status.textContent = "";
  }));

  function answer(request) {
    try { return JSON.parse(request.responseText); } catch { return {}; }
  }

  function send(item) {
    return new Promise((resolve) => {
      const data = new FormData(form);
      data.delete("files");
      data.append("files", item.file);
      const request = new XMLHttpRequest();
      request.open("POST", form.action || window.location.href);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", data.get("csrfmiddlewaretoken"));
      request.upload.addEventListener("progress", (event) => {
        if (!event.lengthComputable) return;
        item.bar.value = (event.loaded / event.total) * 100;
        if (event.loaded === event.total) item.note.textContent = words.textReading;
      });
      request.addEventListener("loadend", () => {
        const said = answer(request);
        item.done = request.status === 200 && Array.isArray(said.kept);
        item.refused = Array.isArray(said.errors);
        item.bar.hidden = true;
        const text = item.done
          ? (said.kept.some((one) => one.known) ? words.textKnown : words.textKept)
          : (said.errors || [words.textFailed]).join(" ");
        item.note.textContent = text;
        item.note.classList.toggle("tone-stop", !item.done);
        item.note.classList.toggle("tone-ok", item.done);
        resolve(item.done);
      });
      item.bar.hidden = false;
      item.bar.value = 0;
      item.note.classList.remove("tone-stop");
      item.note.textContent = words.textSending;
      request.send(data);
    });
  }

  /* Back to the gallery; the next photograph is most likely of the same area. */
  function showGallery() {
    const area = form.elements.area.value;
    const next = new URL(window.location.pathname, window.location.origin);
    if (area) next.searchParams.set("area", area);
    if (next.href === window.location.href) window.location.reload();
    else window.location.assign(next);
  }

  /* Some were kept, some refused: the list with the reasons stays, the gallery beside it is new. */
  async function refreshGallery() {
    try {
      const page = await (await fetch(window.location.pathname)).text();
      const fresh = new DOMParser().parseFromString(page, "text/html").querySelector(".files-shown");
      if (fresh) document.querySelector(".files-shown").replaceWith(fresh);
    } catch { /* the link leads there */ }
  }

  async function sendAll() {
    const waiting = items.filter((item) => !item.done && !item.refused);
    if (!waiting.length) { status.textContent = words.textNone; return; }
    if (waiting.length > Number(words.mostFiles)) { status.textContent = words.textMany; return; }
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    let kept = 0;
    for (const item of waiting) if (await send(item)) kept += 1;
    button.disabled = false;
    button.removeAttribute("aria-busy");
    form.removeAttribute("data-dirty");
    if (kept === waiting.length) { showGallery(); return; }
    seeKept.hidden = seeKept.hidden && !kept;
    if (kept) await refreshGallery();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!button.disabled) sendAll();
  });
})();
