/* The questionnaire: shows what an answer opens, keeps every answer at once, adds lines.

   form[data-screening]            the section; it works without this script, page by page
   [data-show-parent][data-show-values="yes,unknown"]  a question asked only after these answers
   input[data-exclusive]           "none of these": takes back the others, and they take it back
   [data-lines] + [data-add-line]  a list to write in, and the button for one more line
   [data-photographs]              pictures are sent as soon as they are chosen
   [data-kept] [data-offline] [data-waiting] [data-refused]  what became of the answers
   form[data-queue][data-next][data-back]  answers go through patients-queue.js; the pages that follow are
                                   fetched beforehand, so that the form goes on without connection */
(function () {
  "use strict";

  const queue = window.mesoclinic?.queue;
  const pages = new Map();
  let form;
  let timer = 0;
  let state = ""; /* "asking", "waiting", "passing", "leaving" */

  function answersOf(key) {
    return new FormData(form).getAll(key).filter((value) => value !== "");
  }

  function refresh() {
    form.querySelectorAll("[data-show-parent]").forEach((question) => {
      const wanted = question.dataset.showValues.split(",");
      const parent = form.querySelector('[data-question="' + question.dataset.showParent + '"]');
      if (!parent) return;
      question.hidden = parent.hidden || !answersOf(question.dataset.showParent).some((value) => wanted.includes(value));
    });
  }

  function fields() {
    return Array.from(new FormData(form)).filter(([, value]) => typeof value === "string");
  }
  function tell(state) {
    const shown = { sent: "kept", offline: "offline", waiting: "waiting", refused: "refused" }[state];
    ["kept", "offline", "waiting", "refused"].forEach((name) => {
      const note = document.querySelector("[data-" + name + "]");
      if (note) note.hidden = name !== shown;
    });
  }
  function keep() {
    window.clearTimeout(timer);
    timer = 0;
    return queue && form.hasAttribute("data-queue") ? queue.put(form.action, fields()) : Promise.resolve("sent");
  }

  /* Pages that come next, for going on without connection. */
  async function fetchAhead(query, left) {
    if (!query || left === 0) return;
    const url = new URL(query, window.location.href).href;
    try {
      const answer = await fetch(url, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      pages.set(url, page);
      await fetchAhead(page.querySelector("form[data-queue]")?.dataset.next, left - 1);
    } catch (error) {
      /* no connection now: what is there already is used */
    }
  }

  function show(page, url) {
    const main = page.querySelector("#main");
    if (!main) return false;
    document.querySelector("#main").replaceWith(document.adoptNode(main));
    document.title = page.title;
    window.history.pushState({ filling: true }, "", url);
    window.scrollTo(0, 0);
    begin();
    (document.querySelector("[data-error-summary]") || document.querySelector("#main")).focus();
    return true;
  }

  function openQuestions() {
    return Array.from(form.querySelectorAll("[data-question][data-required]")).filter((question) =>
      !question.hidden && answersOf(question.dataset.question).length === 0);
  }
  function mark(questions) {
    form.querySelectorAll(".question.is-wrong").forEach((one) => one.classList.remove("is-wrong"));
    questions.forEach((one) => one.classList.add("is-wrong"));
    questions[0]?.scrollIntoView({ block: "center" });
    questions[0]?.querySelector("input:not([type=hidden]), textarea")?.focus();
  }

  /* Going on: with connection the server decides; without, the page fetched beforehand is shown. */
  async function go(event) {
    if (state === "passing") { state = "leaving"; return; }
    if (state !== "") { event.preventDefault(); return; } /* pressed again while it is on its way */
    const target = event.submitter?.value;
    const pictures = Array.from(form.querySelectorAll("[data-photographs]")).some((one) => one.files.length);
    if (!queue || !["next", "back"].includes(target) || pictures || !form.hasAttribute("data-queue")) return;
    event.preventDefault();
    state = "asking";
    const outcome = await keep();
    state = "";
    if (outcome === "sent") { pass(event.submitter); return; }
    if (outcome === "refused") return;
    const open = target === "next" ? openQuestions() : [];
    const url = new URL(form.dataset[target], window.location.href).href;
    if (open.length) mark(open);
    else if (!pages.has(url) || !show(pages.get(url).cloneNode(true), url)) waitFor(event.submitter);
  }
  function pass(submitter) {
    state = "passing";
    form.requestSubmit(submitter);
  }
  function waitFor(submitter) {
    tell("waiting");
    state = "waiting";
    const retry = window.setInterval(async () => {
      if ((await queue.flush()) !== "sent") { tell("waiting"); return; }
      window.clearInterval(retry);
      pass(submitter);
    }, 2000);
  }

  function changed(event) {
    const box = event.target;
    if (box.type === "checkbox" && box.checked) {
      form.querySelectorAll('input[type="checkbox"][name="' + box.name + '"]').forEach((other) => {
        if (other !== box && (box.hasAttribute("data-exclusive") || other.hasAttribute("data-exclusive"))) other.checked = false;
      });
    }
    refresh();
    window.clearTimeout(timer);
    if (form.hasAttribute("data-preview")) return;
    if (box.matches("[data-photographs]")) { sendPictures(); return; }
    timer = window.setTimeout(keep, 400);
  }
  function sendPictures() {
    const stay = document.createElement("button");
    stay.name = "go";
    stay.value = "stay";
    stay.hidden = true;
    form.append(stay);
    pass(stay);
  }

  /* What was typed without connection stands in the queue, not in the page the server made. */
  function restore() {
    const entry = queue?.waiting().find((one) => one.url === form.action);
    if (!entry) return;
    const given = new Map();
    entry.fields.forEach(([name, value]) => given.set(name, [...(given.get(name) || []), value]));
    Array.from(form.elements).forEach((element) => {
      if (!element.name || element.type === "hidden" || element.type === "file") return;
      const values = given.get(element.name) || [];
      if (element.type === "checkbox" || element.type === "radio") element.checked = values.includes(element.value);
      else element.value = values.shift() ?? "";
    });
  }

  function begin() {
    form = document.querySelector("form[data-screening]");
    if (!form) return;
    form.addEventListener("change", changed);
    form.addEventListener("input", (event) => {
      if (event.target.matches("textarea, input[type=text]") && !form.hasAttribute("data-preview")) {
        window.clearTimeout(timer);
        timer = window.setTimeout(keep, 1500);
      }
    });
    form.addEventListener("submit", go);
    form.querySelectorAll("[data-add-line]").forEach((button) => {
      const lines = button.previousElementSibling;
      if (!lines || !lines.matches("[data-lines]")) return;
      button.hidden = false;
      button.addEventListener("click", () => {
        const line = lines.lastElementChild.cloneNode();
        line.value = "";
        lines.append(line);
        line.focus();
      });
    });
    restore();
    refresh();
  }

  begin();
  if (!form || !queue) return;
  queue.listen(tell);
  if (queue.waiting().length) queue.flush();
  if (form.hasAttribute("data-queue")) {
    pages.set(window.location.href, document.cloneNode(true));
    document.fonts.load("1em bootstrap-icons"); /* what is hidden now has its signs without connection */
    window.setTimeout(() => fetchAhead(form.dataset.next, 12), 1200);
  }
  window.addEventListener("pagehide", () => { if (timer) keep(); });
  window.addEventListener("pageshow", () => { state = ""; });
  window.addEventListener("popstate", () => { window.location.reload(); });
})();
