/* The injection map: fingers, pens and mice put points on the figure, one by one or as a grid.

   What is drawn is kept as JSON in #map-value, in percent of each figure's box, and saved with the
   form. The grid's spacing is true to the figure's scale (mm per unit); `least` keeps it readable.
   Everything with a finger can be done by keyboard with "Fill with the grid" and the list below. */
(function () {
  "use strict";
  const card = document.getElementById("map");
  const field = document.getElementById("map-value");
  const config = JSON.parse(document.getElementById("map-settings")?.textContent || "null");
  if (!card || !field || !config) return;
  const heat = JSON.parse(document.getElementById("map-heat").textContent);
  const figures = new Map([...card.querySelectorAll("svg[data-view]")].map((one) => [one.dataset.view, one]));
  if (!figures.size) return;
  const MOST = 3000;
  const BRUSH = 16;
  const sets = Object.fromEntries([...card.querySelectorAll("[data-set]")].map((one) => [one.dataset.set, one]));
  const text = card.dataset;
  const past = [];
  let drawn = { syringes: [], groups: [] };
  try { drawn = Object.assign(drawn, JSON.parse(field.value)); } catch { /* an empty map */ }
  let tool = "grid";
  let view = [...figures.keys()][0];
  let picked = null;

  /* settings */
  const number = (value) => Number(String(value).replace(",", "."));
  const technique = () => config.techniques[sets.technique.value];
  function fillLayers(wanted) {
    const layers = technique()?.layers || [];
    sets.layer.replaceChildren(...layers.map((key) => new Option(config.layers[key], key)));
    if (layers.includes(wanted)) sets.layer.value = wanted;
  }
  function useTechnique() {
    const one = technique();
    if (!one) return;
    fillLayers();
    sets.depth.value = one.depth[0];
    sets.spacing.value = one.spacing[1];
    if (!sets.volume.value || (one.most && number(sets.volume.value) > number(one.most))) {
      sets.volume.value = one.most && number(one.most) < 0.02 ? one.most : "0.02";
    }
    nameGrid();
  }
  function nameGrid() {
    card.querySelector("[data-grid-name]").textContent = `${technique()?.name || ""} ${sets.spacing.value} mm`;
  }
  const settings = () => ({
    technique: sets.technique.value, layer: sets.layer.value, depth: sets.depth.value.trim(),
    volume: sets.volume.value.trim(), syringe: Number(sets.syringe.value) || 1,
  });

  /* geometry */
  const size = (name) => config.views[name].size;
  const round = (value) => Math.round(value * 100) / 100;
  const toPercent = (name, x, y) => [round((100 * x) / size(name)[0]), round((100 * y) / size(name)[1])];
  const toUnits = (name, [x, y]) => [(x * size(name)[0]) / 100, (y * size(name)[1]) / 100];
  const step = () => Math.max(number(sets.spacing.value) / config.views[view].mm || 0, config.views[view].least);
  function at(svg, event) {
    const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [spot.x, spot.y];
  }
  function areaAt(svg, x, y) {
    // The smallest area lies on top.
    const shapes = [...svg.querySelectorAll("[data-area]")].reverse();
    return shapes.find((shape) => inside(svg, shape, x, y)) || null;
  }
  function inside(svg, shape, x, y) {
    const spot = svg.createSVGPoint();
    [spot.x, spot.y] = [x, y];
    return shape.isPointInFill(spot);
  }
  /* eyes and lips: no grid goes over them; a single point is the practitioner's own choice */
  function spared(svg, x, y) {
    return [...svg.querySelectorAll("[data-avoid]")].some((shape) => {
      const own = shape.getScreenCTM().inverse().multiply(svg.getScreenCTM());
      const spot = new DOMPoint(x, y).matrixTransform(own);
      return inside(svg, shape, spot.x, spot.y);
    });
  }
  function nodes(box) {
    const gap = step();
    const found = [];
    for (let row = Math.floor(box.y / gap); row * gap <= box.y + box.height; row += 1) {
      const shift = row % 2 ? gap / 2 : 0;
      for (let column = Math.floor(box.x / gap) - 1; column * gap <= box.x + box.width; column += 1) {
        found.push([column * gap + shift, row * gap]);
      }
    }
    return found;
  }

  /* points */
  const key = (group) => JSON.stringify([group.view, group.area, group.technique, group.layer, group.depth, group.volume, group.syringe]);
  const count = () => drawn.groups.reduce((sum, group) => sum + group.points.length, 0);
  function taken(name) {
    const found = new Set();
    for (const group of drawn.groups) if (group.view === name) group.points.forEach((point) => found.add(String(point)));
    return found;
  }
  function add(area, points) {
    const wanted = { view, area, ...settings() };
    let group = drawn.groups.find((one) => key(one) === key(wanted));
    const known = taken(view);
    const fresh = points.map(([x, y]) => toPercent(view, x, y)).filter((point) => !known.has(String(point)));
    if (count() + fresh.length > MOST) { window.mesoclinic.toast(text.textMany, "stop"); return false; }
    if (!fresh.length) return false;
    if (!group) { group = { ...wanted, points: [] }; drawn.groups.push(group); }
    group.points.push(...fresh);
    return true;
  }
  function fill(shape) {
    const svg = figures.get(view);
    const box = shape.getBBox();
    const smaller = [...svg.querySelectorAll("[data-area]")].slice([...svg.querySelectorAll("[data-area]")].indexOf(shape) + 1);
    const free = nodes(box).filter(([x, y]) => inside(svg, shape, x, y) && !spared(svg, x, y) && !smaller.some((one) => hasPoints(one) && inside(svg, one, x, y)));
    return add(shape.dataset.area, free);
  }
  const hasPoints = (shape) => drawn.groups.some((group) => group.view === view && group.area === shape.dataset.area);
  function stroke(svg, x, y) {
    if (tool === "erase") return erase(x, y);
    const near = nodes({ x: x - BRUSH, y: y - BRUSH, width: 2 * BRUSH, height: 2 * BRUSH });
    let changed = false;
    for (const [nx, ny] of near) {
      if (Math.hypot(nx - x, ny - y) > BRUSH) continue;
      const shape = areaAt(svg, nx, ny);
      if (shape && !spared(svg, nx, ny)) changed = add(shape.dataset.area, [[nx, ny]]) || changed;
    }
    return changed;
  }
  function erase(x, y) {
    const before = count();
    for (const group of drawn.groups) {
      if (group.view !== view) continue;
      group.points = group.points.filter((point) => {
        const [px, py] = toUnits(view, point);
        return Math.hypot(px - x, py - y) > BRUSH / 1.6;
      });
    }
    drawn.groups = drawn.groups.filter((group) => group.points.length);
    return count() !== before;
  }

  /* drawing */
  function paint() {
    for (const [name, svg] of figures) {
      const layer = svg.querySelector("[data-points]");
      layer.replaceChildren(...drawn.groups.filter((group) => group.view === name).map((group) => {
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("d", group.points.map((point) => { const [x, y] = toUnits(name, point); return `M${x.toFixed(1)} ${y.toFixed(1)}h0`; }).join(""));
        path.setAttribute("class", "map-dots" + (group.syringe > 1 ? " is-other" : "") + (group === picked ? " is-picked" : ""));
        return path;
      }));
      svg.querySelectorAll("[data-area]").forEach((shape) => {
        shape.classList.toggle("is-chosen", drawn.groups.some((group) => group.view === name && group.area === shape.dataset.area));
      });
    }
    list();
    const total = document.querySelector("[data-total-points]");
    if (total) total.textContent = count();
  }
  function list() {
    const box = card.querySelector("[data-groups]");
    card.querySelector("[data-share]").hidden = !drawn.groups.length;
    if (!drawn.groups.length) {
      const none = document.createElement("li");
      none.className = "quiet";
      none.textContent = text.textNone;
      box.replaceChildren(none);
      return;
    }
    box.replaceChildren(...drawn.groups.map((group) => {
      const line = document.createElement("li");
      line.className = "map-group";
      const open = document.createElement("button");
      open.type = "button";
      open.setAttribute("aria-pressed", String(group === picked));
      const name = document.createElement("strong");
      name.textContent = config.areas[group.area]?.name || "?";
      const note = document.createElement("span");
      note.className = "row-note tnum";
      const each = number(group.volume);
      const words = [text.textPoints.replace("%(n)s", group.points.length), config.techniques[group.technique]?.name, config.layers[group.layer], `${group.depth} mm`, `${group.volume} ml = ${Number((each * group.points.length).toFixed(4)) || "?"} ml`];
      note.textContent = words.filter(Boolean).join(" · ");
      open.append(name, note);
      open.addEventListener("click", () => pick(group === picked ? null : group));
      const gone = document.createElement("button");
      gone.type = "button";
      gone.className = "icon-button";
      gone.setAttribute("aria-label", `${text.textRemove}: ${name.textContent}`);
      gone.innerHTML = '<span class="bi bi-x-lg" aria-hidden="true"></span>';
      gone.addEventListener("click", () => { remember(); drawn.groups.splice(drawn.groups.indexOf(group), 1); picked = null; keep(); });
      line.append(open, gone);
      return line;
    }));
  }
  function pick(group) {
    picked = group;
    if (group) {
      show(group.view);
      sets.technique.value = group.technique;
      fillLayers(group.layer);
      sets.depth.value = group.depth;
      sets.volume.value = group.volume;
      sets.syringe.value = String(group.syringe);
      nameGrid();
    }
    paint();
  }
  function show(name) {
    view = name;
    figures.forEach((svg, other) => { svg.toggleAttribute("hidden", other !== name); });
    card.querySelectorAll("[data-show]").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.show === name)));
    offerFills();
  }
  function offerFills() {
    const shapes = [...figures.get(view).querySelectorAll("[data-area]")];
    card.querySelector("[data-fills]").replaceChildren(...shapes.map((shape) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-secondary btn-sm";
      button.innerHTML = '<span class="bi bi-grid-3x3-gap" aria-hidden="true"></span> ';
      button.append(config.areas[shape.dataset.area].name);
      button.addEventListener("click", () => { remember(); if (fill(shape)) keep(); });
      return button;
    }));
  }

  /* keeping */
  function remember() {
    past.push(JSON.stringify(drawn.groups));
    if (past.length > 60) past.shift();
  }
  function keep() {
    paint();
    field.value = JSON.stringify(drawn);
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /* fingers, pens, mice */
  const fingers = new Map();
  let action = null;
  let pen = 0;
  figures.forEach((svg) => {
    svg.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "pen") pen = Date.now();
      // A palm beside a pen draws nothing.
      if (event.pointerType === "touch" && Date.now() - pen < 1200) return;
      if (event.button > 0) return;
      event.preventDefault();
      svg.setPointerCapture?.(event.pointerId);
      fingers.set(event.pointerId, event);
      if (fingers.size === 2) { takeBack(); action = pinch(svg); return; }
      remember();
      action = { kind: "draw", from: event, moved: false, changed: false };
    });
    svg.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId) || !action) return;
      fingers.set(event.pointerId, event);
      if (action.kind === "pinch") { action.move(); return; }
      if (Math.hypot(event.clientX - action.from.clientX, event.clientY - action.from.clientY) > 8) action.moved = true;
      if (!action.moved || tool === "point") return;
      const steps = event.getCoalescedEvents?.() || [];
      for (const one of steps.length ? steps : [event]) action.changed = stroke(svg, ...at(svg, one)) || action.changed;
      if (action.changed) paint();
    });
    const end = (event) => {
      if (!fingers.delete(event.pointerId) || !action) return;
      if (action.kind === "draw") finish(svg, event);
      if (!fingers.size) action = null;
    };
    svg.addEventListener("pointerup", end);
    svg.addEventListener("pointercancel", (event) => {
      // What the system took away (a gesture of its own) was not meant for the map.
      if (fingers.delete(event.pointerId)) takeBack();
      action = null;
    });
  });
  function takeBack() {
    if (action?.kind !== "draw") return;
    if (action.changed) undo(false); else past.pop();
  }
  function finish(svg, event) {
    const [x, y] = at(svg, event);
    if (tool === "point" || !action.moved) action.changed = touch(svg, x, y) || action.changed;
    if (action.changed) keep(); else past.pop();
  }
  function touch(svg, x, y) {
    if (tool === "erase") return erase(x, y);
    const shape = areaAt(svg, x, y);
    if (!shape) { window.mesoclinic.toast(text.textOutside, "stop"); return false; }
    return tool === "grid" ? fill(shape) : add(shape.dataset.area, [[x, y]]);
  }
  function undo(save = true) {
    const before = past.pop();
    if (before === undefined) return;
    drawn.groups = JSON.parse(before);
    picked = null;
    if (save) keep(); else paint();
  }

  /* zoom: buttons, or two fingers */
  const box = (svg) => svg.getAttribute("viewBox").split(" ").map(Number);
  function zoom(svg, factor, cx, cy) {
    const [width, height] = size(svg.dataset.view);
    const [x, y, w] = box(svg);
    const nw = Math.min(Math.max(w / factor, width / 8), width);
    const nh = (nw * height) / width;
    const clamp = (value, most) => Math.min(Math.max(value, 0), most);
    const nx = clamp(cx - ((cx - x) * nw) / w, width - nw);
    const ny = clamp(cy - ((cy - y) * nw) / w, height - nh);
    svg.setAttribute("viewBox", [nx, ny, nw, nh].map((value) => value.toFixed(2)).join(" "));
  }
  function pinch(svg) {
    const spots = () => [...fingers.values()].slice(0, 2);
    const apart = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
    const middle = ([a, b]) => ({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 });
    let before = apart(spots());
    let where = at(svg, middle(spots()));
    return {
      kind: "pinch",
      move() {
        const two = spots();
        if (two.length < 2) return;
        zoom(svg, apart(two) / before, ...where);
        before = apart(two);
        const [x, y] = at(svg, middle(two));
        const [width, height] = size(svg.dataset.view);
        const [bx, by, bw, bh] = box(svg);
        const nx = Math.min(Math.max(bx + where[0] - x, 0), width - bw);
        const ny = Math.min(Math.max(by + where[1] - y, 0), height - bh);
        svg.setAttribute("viewBox", [nx, ny, bw, bh].map((value) => value.toFixed(2)).join(" "));
        where = at(svg, middle(two));
      },
    };
  }

  /* buttons */
  card.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.tool) {
      tool = button.dataset.tool;
      card.querySelectorAll("[data-tool]").forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    } else if (button.dataset.show) show(button.dataset.show);
    else if ("undo" in button.dataset) undo();
    else if (button.dataset.zoom) {
      const svg = figures.get(view);
      const [x, y, w, h] = box(svg);
      const factor = { in: 1.6, out: 1 / 1.6, all: 0.01 }[button.dataset.zoom];
      zoom(svg, factor, x + w / 2, y + h / 2);
    } else if ("share" in button.dataset) shareEvenly();
  });
  card.addEventListener("change", (event) => {
    const target = event.target;
    if ("ghostChoice" in target.dataset) card.querySelectorAll("[data-ghost]").forEach((one) => one.toggleAttribute("hidden", one.dataset.ghost !== target.value));
    else if ("heat" in target.dataset) warm(heat[target.value]);
    else if (target.dataset.set) set(target.dataset.set);
    else return;
    event.stopPropagation();
  });
  card.addEventListener("input", (event) => { if (event.target.dataset.set) event.stopPropagation(); });
  function set(name) {
    if (name === "technique") useTechnique();
    nameGrid();
    if (!picked || name === "spacing") return;
    remember();
    Object.assign(picked, settings());
    keep();
  }
  function shareEvenly() {
    const number_ = Number(sets.syringe.value) || 1;
    const typed = document.getElementById(`syringe-volume-${number_}`);
    const volume = number(typed?.value || typed?.placeholder || "");
    const mine = drawn.groups.filter((group) => group.syringe === number_);
    const points = mine.reduce((sum, group) => sum + group.points.length, 0);
    if (!volume || !points) return;
    remember();
    const each = String(Math.floor((volume / points) * 10000) / 10000);
    mine.forEach((group) => { group.volume = each; });
    sets.volume.value = each;
    keep();
  }
  function warm(one) {
    card.querySelectorAll("[data-area]").forEach((shape) => {
      const dose = one?.areas[shape.dataset.area];
      if (one) shape.dataset.heatLevel = dose ? Math.ceil(dose.share / 20) : 0;
      else delete shape.dataset.heatLevel;
    });
    const words = one ? Object.values(one.areas).map((area) => `${area.name} ${area.amount} ${one.unit}`) : [];
    card.querySelector("[data-heat-words]").textContent = words.join(" · ");
  }

  useTechnique();
  const first = drawn.groups[0];
  if (first) { sets.volume.value = first.volume; show(figures.has(first.view) ? first.view : view); } else show(view);
  paint();
})();
