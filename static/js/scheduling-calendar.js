/* The calendar's picture: EventCalendar fed by JSON. The server decides every move; the agenda and
   the move page do the same as lists and forms.

   Live: every few seconds the feed is asked with the ETag of what is shown. While nothing changed
   the answer is an empty 304. A change waits until the hand (or the keyboard) has let go.

   Times in the feed are the clinic's wall clock without offset; the calendar shows them as they are,
   whatever the zone of this computer. */
(function () {
  "use strict";

  const box = document.getElementById("calendar");
  if (!box || !window.EventCalendar) return;

  const data = box.dataset;
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const columns = read("calendar-columns");
  const chips = read("calendar-chips");
  const types = Object.fromEntries(read("calendar-types").map((one) => [one.id, one]));
  const token = document.querySelector('meta[name="csrf-token"]');
  const count = document.getElementById("calendar-count");
  const blank = "00000000-0000-0000-0000-000000000000";
  const narrow = window.matchMedia("(max-width: 767.98px)").matches;
  const day = data.view === "day";
  const byRoom = day && data.by === "room";
  const POLL_MS = 4000;
  const MONTH_MOST = 30;
  const STEP_MIN = 15;
  /* the line of "now" is the computer's: shown only where its clock is the clinic's */
  const sameClock = Math.abs(new Date(data.now) - new Date()) < 5 * 60000;
  let pointer = { x: 0, y: 0 };
  let shown = { query: "", etag: "", body: null };
  let busy = false; /* a drag, a stretch or a move by keyboard is under way */
  let stale = false; /* something changed meanwhile */
  let moving = null; /* the visit that the keyboard moves */
  let refocus = ""; /* the visit that the keyboard has just changed */
  let own = { id: "", until: 0 }; /* the visit just changed here: nobody else changed it */

  document.addEventListener("pointermove", (event) => {
    pointer = { x: event.clientX, y: event.clientY };
  }, { passive: true });

  const two = (number) => String(number).padStart(2, "0");
  function wall(date) {
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}` +
      `T${two(date.getHours())}:${two(date.getMinutes())}`;
  }
  const addressOf = (pattern, id) => pattern.replace(blank, id);
  const elementOf = (id) => box.querySelector(`[data-visit="${id}"]`);

  /* a sentence where the hand is (or at the visit that the keyboard moves), spoken too */
  function say(text, at) {
    document.querySelector(".calendar-say")?.remove();
    const bubble = document.createElement("div");
    bubble.className = "calendar-say";
    bubble.setAttribute("role", "status");
    bubble.textContent = text;
    document.body.append(bubble);
    const rect = at ? at.getBoundingClientRect() : null;
    const place = rect ? { x: rect.left + 12, y: rect.bottom - 8 } : pointer;
    const left = Math.min(place.x + 12, window.innerWidth - bubble.offsetWidth - 12);
    const top = Math.min(place.y + 12, window.innerHeight - bubble.offsetHeight - 12);
    bubble.style.left = `${Math.max(left, 8)}px`;
    bubble.style.top = `${Math.max(top, 8)}px`;
    window.setTimeout(() => bubble.remove(), 6000);
  }

  /* --- what is shown --------------------------------------------------------------------------- */

  function queryOf(info) {
    const query = new URLSearchParams(data.keep);
    ["colour", "by"].forEach((name) => query.delete(name));
    query.set("start", wall(info.start));
    query.set("end", wall(info.end));
    if (day) {
      query.set("by", data.by);
      columns.forEach((one) => query.append("column", one.id));
    }
    return query.toString();
  }

  /* → whether there is something new; null where the answer could not be had */
  async function fetchFeed(query, background) {
    const headers = { Accept: "application/json" };
    if (shown.query === query && shown.etag) headers["If-None-Match"] = shown.etag;
    if (background) headers["X-Background"] = "1";
    const answer = await fetch(`${data.feed}?${query}`, { headers, credentials: "same-origin" });
    if (answer.status === 304) return false;
    if (answer.status === 401) {
      window.mesoclinic.signInAgain();
      return null;
    }
    if (!answer.ok) throw new Error(data.textFailed);
    shown = { query, etag: answer.headers.get("ETag") || "", body: await answer.json() };
    return true;
  }

  async function load(info) {
    const query = queryOf(info);
    if (shown.query !== query || !shown.fresh) {
      const found = await fetchFeed(query, false);
      if (found === null || !shown.body) return [];
    }
    shown.fresh = false;
    tell(shown.body.events.length);
    if (data.view === "month" && !narrow) return monthOf(shown.body.events);
    return shown.body.events.map(visit).concat(day ? (shown.body.closed || []).map(closed) : []);
  }

  /* A month's cell measures whatever is in it: of a very full day it gets the first visits, and a
     last line that leads to the day itself. */
  function monthOf(events) {
    const days = {};
    events.forEach((row) => (days[row.start.slice(0, 10)] ??= []).push(row));
    return Object.entries(days).flatMap(([date, rows]) => {
      const few = rows.slice(0, MONTH_MOST).map(visit);
      const left = rows.length - few.length;
      return left > 0 ? [...few, restOf(date, left)] : few;
    });
  }
  function restOf(date, left) {
    return {
      id: `rest-${date}`, start: `${date}T23:58`, end: `${date}T23:59`, editable: false,
      title: data.textMore.replace("{n}", left), extendedProps: { date },
    };
  }

  function tell(number) {
    if (!count) return;
    const words = number === 1 ? data.textOne : data.textMany.replace("{n}", number);
    count.textContent = number ? words : data.textNone;
  }

  function classOf(row, chip) {
    if (data.colour === "type") return `event-type-${types[row.type]?.colour || 1}`;
    if (row.off_protocol) return "event-warn";
    return `event-${row.status === "booked" ? "info" : chip.state}`;
  }
  function visit(row) {
    const chip = chips[row.status] || { state: "neutral", icon: "circle", label: row.status };
    const free = row.status === "cancelled" || row.status === "no_show";
    return {
      id: row.id, start: row.start, end: row.end, title: row.title,
      resourceIds: [byRoom ? row.room_id : row.practitioner],
      startEditable: row.movable, durationEditable: row.movable || row.status === "in_session",
      classNames: [classOf(row, chip), ...(free ? ["is-off"] : [])],
      extendedProps: { row, chip },
    };
  }
  function closed(row, index) {
    return {
      id: `closed-${index}`, start: row.start, end: row.end, title: row.label || "",
      resourceIds: [row.practitioner], display: "background", editable: false,
    };
  }

  function mark(icon, label) {
    const made = document.createElement("span");
    made.className = `bi bi-${icon}`;
    made.setAttribute("role", "img");
    made.setAttribute("aria-label", label);
    return made;
  }
  /* why nobody works then: leave, a closure, a time held by somebody who books online */
  function closedLabel(text) {
    if (!text) return undefined;
    const label = document.createElement("span");
    label.className = "ec-closed-label";
    label.textContent = text;
    return { domNodes: [label] };
  }
  function draw(info) {
    const row = info.event.extendedProps.row;
    if (!row) return closedLabel(info.event.title);
    const type = types[row.type];
    const kind = row.session ? `${data.textSession} ${row.session}` : row.kind;
    const list = info.view.type.startsWith("list");
    const head = document.createElement("span");
    head.className = "ec-visit-head";
    head.append(mark(info.event.extendedProps.chip.icon, info.event.extendedProps.chip.label));
    if (type) head.append(mark(type.icon, row.kind));
    if (row.alert) head.append(mark("exclamation-triangle", "!"));
    if (row.unscreened) head.append(mark("shield-exclamation", data.textUnscreened));
    const words = document.createElement("span");
    const parts = day || list ? [row.start.slice(11), kind, byRoom ? "" : row.room] : [row.start.slice(11)];
    words.textContent = parts.filter(Boolean).join(" · ");
    head.append(words);
    const name = document.createElement("span");
    name.className = "ec-visit-name";
    name.textContent = row.title;
    name.title = [row.title, kind, row.room, row.unscreened && data.textUnscreened].filter(Boolean).join(" · ");
    return { domNodes: [head, name] };
  }

  /* --- live ------------------------------------------------------------------------------------ */

  async function poll() {
    if (document.hidden || !shown.query) return;
    try {
      const before = new Map((shown.body?.events || []).map((one) => [one.id, JSON.stringify(one)]));
      if (await fetchFeed(shown.query, true)) {
        const { events } = shown.body;
        const mine = (id) => id === own.id && Date.now() < own.until;
        const now = new Set(events.map((one) => one.id));
        shown.fresh = true;
        shown.changed = events.filter((one) => !mine(one.id) && before.get(one.id) !== JSON.stringify(one));
        const byOthers = shown.changed.length > 0 || [...before.keys()].some((id) => !now.has(id) && !mine(id));
        if (busy) stale = stale || byOthers;
        else refresh(byOthers);
      }
      box.classList.remove("is-offline");
    } catch {
      if (!box.classList.contains("is-offline")) say(data.textOffline, box);
      box.classList.add("is-offline");
    }
  }
  /* scroll and focus stay where they are; what somebody else changed lights up for a moment */
  function refresh(byOthers) {
    stale = false;
    const focused = document.activeElement?.dataset?.visit;
    const changed = byOthers ? (shown.changed || []).map((one) => one.id) : [];
    calendar.refetchEvents();
    window.setTimeout(() => {
      if (focused && !box.contains(document.activeElement)) elementOf(focused)?.focus({ preventScroll: true });
      changed.slice(0, 20).forEach((id) => elementOf(id)?.classList.add("is-fresh"));
    }, 60);
    if (byOthers && window.mesoclinic) window.mesoclinic.toast(data.textChanged, "info");
  }
  function hold() { busy = true; }
  function letGo() {
    busy = false;
    if (stale) refresh(true);
  }

  /* --- changes --------------------------------------------------------------------------------- */

  async function send(row, body) {
    try {
      const answer = await fetch(addressOf(data.drop, row.id), {
        method: "POST", credentials: "same-origin",
        headers: {
          "Content-Type": "application/json", Accept: "application/json",
          "X-CSRFToken": token ? token.content : "",
        },
        body: JSON.stringify({ ...body, version: row.version }),
      });
      if (answer.status === 401) {
        window.mesoclinic.signInAgain();
        return { ok: false, message: "" };
      }
      return { ok: answer.status === 200, ...(await answer.json()) };
    } catch {
      return { ok: false, message: data.textFailed };
    }
  }
  /* `then`: what follows in the same breath, once the first change is in (moved and made longer) */
  async function settle(row, body, revert, words, at, then) {
    busy = true;
    refocus = at ? row.id : "";
    window.setTimeout(() => { refocus = ""; }, 2 * POLL_MS);
    own = { id: row.id, until: Date.now() + 3 * POLL_MS };
    let answer = await send(row, body);
    if (answer.ok && !answer.look && then) answer = await send({ ...row, version: answer.version }, then);
    busy = false;
    if (answer.look) {
      revert();
      window.location.assign(answer.look);
      return;
    }
    const there = at && elementOf(row.id);
    /* who goes on at once, before the picture is drawn anew, is not told of somebody else */
    if (answer.ok && answer.version) row.version = answer.version;
    if (answer.ok) say(words, there);
    else {
      revert();
      say(answer.message || data.textFailed, there);
    }
    shown.etag = "";
    refresh(false);
  }
  function placeOf(event, resource) {
    const row = event.extendedProps.row;
    const column = resource ? resource.id : null;
    const place = { start: wall(event.start), practitioner: row.practitioner };
    if (byRoom) place.room = column || row.room_id;
    else if (column) place.practitioner = column;
    return place;
  }
  const minutesOf = (event) => Math.round((event.end - event.start) / 60000);

  function drop(info) {
    settle(info.event.extendedProps.row, placeOf(info.event, info.newResource), info.revert, data.textMoved);
  }
  function stretch(info) {
    settle(info.event.extendedProps.row, { minutes: minutesOf(info.event) }, info.revert, data.textStretched);
  }
  function book(info) {
    const query = new URLSearchParams({ date: wall(info.date).slice(0, 10) });
    if (info.resource && !byRoom) query.set("practitioner", info.resource.id);
    if (data.view !== "month") query.set("start", wall(info.date));
    window.location.assign(`${data.book}?${query}`);
  }

  /* --- the keyboard ---------------------------------------------------------------------------- */

  function neighbour(id, step) {
    const order = shown.body.events;
    const place = order.findIndex((one) => one.id === id);
    const next = order[place + step];
    if (next) elementOf(next.id)?.focus();
  }
  function redraw(event) {
    calendar.updateEvent(event);
    window.setTimeout(() => {
      const element = elementOf(event.id);
      element?.focus({ preventScroll: false });
      element?.classList.add("is-moving");
      say(`${wall(event.start).slice(11)}–${wall(event.end).slice(11)} · ${columnName(event)}`, element);
    }, 40);
  }
  const columnName = (event) =>
    columns.find((one) => one.id === event.resourceIds[0])?.title || event.title;

  function begin(id) {
    const event = calendar.getEventById(id);
    if (!event || !event.startEditable) return;
    hold();
    moving = { event, start: event.start, end: event.end, resourceIds: event.resourceIds };
    elementOf(id)?.classList.add("is-moving");
    say(data.textMoving, elementOf(id));
  }
  function shift(key, long) {
    const { event } = moving;
    const minutes = { ArrowUp: -STEP_MIN, ArrowDown: STEP_MIN }[key] || 0;
    const aside = { ArrowLeft: -1, ArrowRight: 1 }[key] || 0;
    const later = (date, by) => new Date(date.getTime() + by * 60000);
    const next = { ...event };
    if (long && minutes) next.end = later(event.end, minutes);
    else if (minutes) [next.start, next.end] = [later(event.start, minutes), later(event.end, minutes)];
    else if (aside && day) {
      const place = columns.findIndex((one) => one.id === event.resourceIds[0]) + aside;
      if (!columns[place]) return;
      next.resourceIds = [columns[place].id];
    } else if (aside) {
      [next.start, next.end] = [later(event.start, aside * 1440), later(event.end, aside * 1440)];
    }
    if (next.end <= next.start) return;
    moving.event = next;
    redraw(next);
  }
  function finish(keep) {
    const { event, start, end, resourceIds } = moving;
    const revert = () => calendar.updateEvent({ ...event, start, end, resourceIds });
    const element = elementOf(event.id);
    moving = null;
    element?.classList.remove("is-moving");
    const longer = event.end - event.start !== end - start;
    const moved = event.start - start || event.resourceIds[0] !== resourceIds[0];
    if (!keep || (!moved && !longer)) {
      revert();
      letGo();
      window.setTimeout(() => elementOf(event.id)?.focus(), 40);
      return;
    }
    const row = event.extendedProps.row;
    const length = longer ? { minutes: minutesOf(event) } : undefined;
    if (!moved) settle(row, length, revert, data.textStretched, element);
    else settle(row, placeOf(event, { id: event.resourceIds[0] }), revert, data.textMoved, element, length);
  }
  function keyed(event) {
    const id = event.currentTarget.dataset.visit;
    const arrow = event.key.startsWith("Arrow");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moving && arrow) shift(event.key, event.shiftKey);
    else if (moving && (event.key === "Enter" || event.key === "Escape")) finish(event.key === "Enter");
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") neighbour(id, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter") window.location.assign(addressOf(data.visit, id));
    else if (event.key === "m") begin(id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  /* whoever works by keyboard stays at the visit: drawing it anew takes the focus away */
  function focusAgain() {
    if (!refocus || document.activeElement !== document.body) return;
    elementOf(refocus)?.focus();
  }
  function mounted(info) {
    const row = info.event.extendedProps.row;
    if (!row) return;
    const { el } = info;
    const who = columns.find((one) => one.id === info.event.resourceIds[0])?.title;
    el.dataset.visit = row.id;
    el.tabIndex = 0;
    el.setAttribute("role", "link");
    el.setAttribute("aria-describedby", "calendar-help");
    el.setAttribute("aria-label", [
      row.start.slice(11), row.title, row.session ? `${data.textSession} ${row.session}` : row.kind,
      info.event.extendedProps.chip.label, byRoom ? "" : who, row.room,
    ].filter(Boolean).join(", "));
    el.addEventListener("keydown", keyed);
  }

  const VIEWS = narrow
    ? { day: "listDay", week: "listWeek", month: "listMonth" }
    : { day: "resourceTimeGridDay", week: "timeGridWeek", month: "dayGridMonth" };

  /* Today opens an hour before now, so that what comes next is seen; any other day in the morning. */
  function firstSeen() {
    const [day, clock] = data.now.split("T"); /* on the clinic's clock */
    const hour = Math.min(Number(clock.slice(0, 2)) - 1, 17);
    return data.date === day && hour >= 9 ? `${String(hour).padStart(2, "0")}:00` : "08:30";
  }

  box.hidden = false;
  const calendar = window.EventCalendar.create(box, {
    view: VIEWS[data.view],
    date: data.date,
    firstDay: 1,
    /* days before months, as on every page */
    locale: data.language === "en" ? "en-GB" : data.language,
    dayHeaderFormat: data.view === "month" ? { weekday: "short" } : { weekday: "short", day: "numeric" },
    headerToolbar: { start: "", center: "", end: "" },
    resources: columns,
    slotDuration: "00:15",
    slotMinTime: "07:00",
    slotMaxTime: "21:00",
    slotHeight: 22,
    slotLabelFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    /* however many columns: names can be read, the picture scrolls sideways */
    columnWidth: data.view === "day" ? "minmax(88px, 1fr)" : undefined,
    height: narrow ? "auto" : { day: "640px", week: "680px", month: "820px" }[data.view],
    scrollTime: firstSeen(),
    allDaySlot: false,
    nowIndicator: sameClock,
    slotEventOverlap: false,
    dayMaxEvents: data.view === "month",
    moreLinkContent: (info) =>
      data.textMore.replace("{n}", info.num < MONTH_MOST - 2 ? info.num : `${info.num}+`),
    noEventsContent: data.textNone,
    eventStartEditable: !narrow,
    eventDurationEditable: !narrow && data.view !== "month",
    longPressDelay: 300,
    selectable: false,
    eventSources: [{ events: load }],
    eventContent: draw,
    eventDragStart: hold,
    eventResizeStart: hold,
    eventDragStop: () => window.setTimeout(letGo, 0),
    eventResizeStop: () => window.setTimeout(letGo, 0),
    eventDrop: drop,
    eventResize: stretch,
    eventClick(info) {
      if (info.event.extendedProps.row) {
        window.location.assign(addressOf(data.visit, info.event.id));
      } else if (info.event.extendedProps.date) {
        const query = new URLSearchParams(data.keep);
        query.set("view", "day");
        query.set("date", info.event.extendedProps.date);
        window.location.search = query.toString();
      }
    },
    dateClick: narrow ? undefined : book,
    eventDidMount: mounted,
    eventAllUpdated: focusAgain,
  });

  /* --- the waiting list: a card dropped on a time leads to its booking (or moving) page ---------- */

  let waiting = null; /* the address of the card in the hand */
  document.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.("[data-waiting]");
    if (!card) return;
    waiting = card.href;
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setData("text/plain", card.textContent.trim());
    hold();
  });
  document.addEventListener("dragend", () => { waiting = null; letGo(); });
  box.addEventListener("dragover", (event) => {
    if (!waiting) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  box.addEventListener("drop", (event) => {
    if (!waiting) return;
    event.preventDefault();
    const point = calendar.dateFromPoint(event.clientX, event.clientY);
    if (!point) return;
    const there = new URL(waiting);
    there.searchParams.set("start", wall(point.date));
    there.searchParams.set("date", wall(point.date).slice(0, 10));
    if (point.resource && !byRoom) there.searchParams.set("practitioner", point.resource.id);
    window.location.assign(there);
  });
  window.setInterval(poll, POLL_MS);
  document.addEventListener("visibilitychange", poll);
})();
