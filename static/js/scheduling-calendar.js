/* The calendar's picture: EventCalendar fed by JSON. The server decides every move; the list below
   the picture and the move page do the same without a mouse.

   Times in the feed are the clinic's wall clock without offset; the calendar shows them as they are,
   whatever the zone of this computer. */
(function () {
  "use strict";

  const box = document.getElementById("calendar");
  if (!box || !window.EventCalendar) return;

  const data = box.dataset;
  const people = JSON.parse(document.getElementById("calendar-people").textContent);
  const chips = JSON.parse(document.getElementById("calendar-chips").textContent);
  const token = document.querySelector('meta[name="csrf-token"]');
  const blank = "00000000-0000-0000-0000-000000000000";
  const day = data.view !== "week";
  /* the line of "now" is the computer's: shown only where its clock is the clinic's */
  const sameClock = Math.abs(new Date(data.now) - new Date()) < 5 * 60000;
  let pointer = { x: 0, y: 0 };

  document.addEventListener("pointermove", (event) => {
    pointer = { x: event.clientX, y: event.clientY };
  }, { passive: true });

  const two = (number) => String(number).padStart(2, "0");
  function wall(date) {
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}` +
      `T${two(date.getHours())}:${two(date.getMinutes())}`;
  }
  const addressOf = (pattern, id) => pattern.replace(blank, id);

  /* a sentence where the hand is, and for screen readers in the toasts */
  function say(text) {
    document.querySelector(".calendar-say")?.remove();
    const bubble = document.createElement("div");
    bubble.className = "calendar-say";
    bubble.setAttribute("role", "status");
    bubble.textContent = text;
    document.body.append(bubble);
    const left = Math.min(pointer.x + 12, window.innerWidth - bubble.offsetWidth - 12);
    const top = Math.min(pointer.y + 12, window.innerHeight - bubble.offsetHeight - 12);
    bubble.style.left = `${Math.max(left, 8)}px`;
    bubble.style.top = `${Math.max(top, 8)}px`;
    window.setTimeout(() => bubble.remove(), 6000);
  }

  async function load(info) {
    const query = new URLSearchParams({ start: wall(info.start), end: wall(info.end) });
    people.forEach((one) => query.append("practitioner", one.id));
    if (data.room) query.append("room", data.room);
    const answer = await fetch(`${data.feed}?${query}`, {
      headers: { Accept: "application/json" }, credentials: "same-origin",
    });
    if (answer.status === 401) return window.mesoclinic.signInAgain();
    if (!answer.ok) throw new Error(data.textFailed);
    const body = await answer.json();
    return body.events.map(visit).concat(day ? (body.closed || []).map(closed) : []);
  }

  function visit(row) {
    const chip = chips[row.status] || { state: "neutral", icon: "circle", label: row.status };
    const state = row.status === "booked" ? "info" : chip.state;
    return {
      id: row.id, start: row.start, end: row.end, title: row.title,
      resourceIds: [row.practitioner], editable: row.movable, durationEditable: false,
      classNames: [`event-${row.off_protocol ? "warn" : state}`],
      extendedProps: { row, chip },
    };
  }
  function closed(row, index) {
    return {
      id: `closed-${index}`, start: row.start, end: row.end, title: row.label || "",
      resourceIds: [row.practitioner], display: "background", editable: false,
    };
  }

  function draw(info) {
    const row = info.event.extendedProps.row;
    if (!row) return undefined;
    const chip = info.event.extendedProps.chip;
    const head = document.createElement("span");
    head.className = "ec-visit-head";
    const icon = document.createElement("span");
    icon.className = `bi bi-${chip.icon}`;
    icon.setAttribute("role", "img");
    icon.setAttribute("aria-label", chip.label);
    const words = document.createElement("span");
    const kind = row.session ? `${data.textSession} ${row.session}` : row.kind;
    const parts = day ? [row.start.slice(11), kind, row.room] : [row.start.slice(11)];
    words.textContent = parts.filter(Boolean).join(" · ");
    head.append(icon, words);
    const name = document.createElement("span");
    name.className = "ec-visit-name";
    name.textContent = row.title;
    name.title = day ? "" : [row.title, kind, row.room].filter(Boolean).join(" · ");
    return { domNodes: [head, name] };
  }

  async function drop(info) {
    const row = info.event.extendedProps.row;
    const person = info.newResource ? info.newResource.id : row.practitioner;
    let body = {};
    let status = 0;
    try {
      const answer = await fetch(addressOf(data.drop, row.id), {
        method: "POST", credentials: "same-origin",
        headers: {
          "Content-Type": "application/json", Accept: "application/json",
          "X-CSRFToken": token ? token.content : "",
        },
        body: JSON.stringify({
          start: wall(info.event.start), practitioner: person, version: row.version,
        }),
      });
      status = answer.status;
      if (status === 401) return window.mesoclinic.signInAgain();
      body = await answer.json();
    } catch {
      status = 0;
    }
    if (body.look) {
      info.revert();
      window.location.assign(body.look);
    } else if (status === 200) {
      say(data.textMoved);
      calendar.refetchEvents();
    } else {
      info.revert();
      say(body.message || data.textFailed);
    }
    return undefined;
  }

  function book(info) {
    const query = new URLSearchParams({ date: wall(info.date).slice(0, 10) });
    if (info.resource) query.set("practitioner", info.resource.id);
    query.set("start", wall(info.date));
    window.location.assign(`${data.book}?${query}`);
  }

  box.hidden = false;
  const calendar = window.EventCalendar.create(box, {
    view: day ? "resourceTimeGridDay" : "timeGridWeek",
    date: data.date,
    firstDay: 1,
    /* days before months, as on every page */
    locale: data.language === "en" ? "en-GB" : data.language,
    dayHeaderFormat: { weekday: "short", day: "numeric" },
    headerToolbar: { start: "", center: "", end: "" },
    resources: people,
    slotDuration: "00:15",
    slotMinTime: "07:00",
    slotMaxTime: "21:00",
    slotHeight: 22,
    slotLabelFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    height: day ? "640px" : "680px",
    scrollTime: "08:30",
    allDaySlot: false,
    nowIndicator: sameClock,
    slotEventOverlap: false,
    eventStartEditable: true,
    eventDurationEditable: false,
    selectable: false,
    eventSources: [{ events: load }],
    eventContent: draw,
    eventDrop: drop,
    eventClick(info) {
      if (info.event.extendedProps.row) {
        window.location.assign(addressOf(data.visit, info.event.id));
      }
    },
    dateClick: book,
    eventDidMount(info) {
      const row = info.event.extendedProps.row;
      if (!row) return;
      info.el.tabIndex = 0;
      info.el.setAttribute("role", "link");
      info.el.addEventListener("keydown", (event) => {
        if (event.key === "Enter") window.location.assign(addressOf(data.visit, row.id));
      });
    },
  });
})();
