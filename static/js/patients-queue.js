/* Answers that could not be sent yet: kept on the device, sent in order when the connection is back.

   One entry for each page of the questionnaire, the newest answers of that page. An entry is removed
   as soon as it has been sent, and forgotten after two hours, as long as the page itself may be used.
   Pictures are not queued: they wait in their field. window.mesoclinic.queue is used by
   patients-screening.js. */
(function () {
  "use strict";

  const LIFE = 2 * 60 * 60 * 1000;
  const WAIT = 3000;
  const KEY = "mesoclinic.filling:" + window.location.pathname;
  const listeners = [];
  let sending = null;
  let timer = 0;

  function read() {
    try {
      const kept = JSON.parse(window.localStorage.getItem(KEY) || "[]");
      return kept.filter((one) => Date.now() - one.at < LIFE);
    } catch (error) {
      return [];
    }
  }
  function write(entries) {
    try {
      if (entries.length) window.localStorage.setItem(KEY, JSON.stringify(entries));
      else window.localStorage.removeItem(KEY);
    } catch (error) {
      /* storage is switched off: the answers stay in the fields of the page */
    }
  }
  function say(state) {
    listeners.forEach((listen) => listen(state));
  }

  /* "sent", "offline" (stays queued), "refused" (the server does not want it: no use to repeat) or
     "over" (the link has ended: loaded again, the page says so, and whom to call) */
  async function send(entry) {
    const body = new URLSearchParams(entry.fields);
    body.set("go", "keep");
    let answer;
    try {
      answer = await fetch(entry.url, { method: "POST", body, credentials: "same-origin", redirect: "manual" });
    } catch (error) {
      return "offline";
    }
    if (answer.status >= 500 || answer.status === 429) return "offline";
    if (answer.status === 404) return "over";
    return answer.status === 204 ? "sent" : "refused";
  }

  async function flush() {
    if (sending) return sending;
    sending = (async () => {
      window.clearTimeout(timer);
      for (let entries = read(); entries.length; entries = read()) {
        const entry = entries[0];
        const outcome = await send(entry);
        if (outcome === "offline") {
          say("offline");
          timer = window.setTimeout(flush, WAIT);
          return "offline";
        }
        /* typed on in the meantime: the entry has become a newer one and goes again */
        write(read().filter((one) => one.url !== entry.url || one.at !== entry.at));
        if (outcome === "over") window.location.reload();
        if (outcome !== "sent") {
          say("refused");
          return "refused";
        }
      }
      say("sent");
      return "sent";
    })();
    const outcome = await sending;
    sending = null;
    return outcome;
  }

  function put(url, fields) {
    const entries = read();
    const entry = { url, fields, at: Date.now() };
    const place = entries.findIndex((one) => one.url === url);
    if (place < 0) entries.push(entry);
    else entries[place] = entry;
    write(entries);
    return flush();
  }

  window.addEventListener("online", flush);
  window.mesoclinic = window.mesoclinic || {};
  window.mesoclinic.queue = { put, flush, waiting: () => read(), listen: (fn) => listeners.push(fn) };
})();
