
(() => {
  const $ = (id) => document.getElementById(id);
  const read = (id) => JSON.parse($(id).textContent);
  const data = read("data"), places = read("places");
  const nodes = data.nodes, panel = $("panel"), search = $("search"), scene = $("scene"), canvas = $("canvas");
  const users = nodes.map(() => []);
  nodes.forEach((node, number) => { for (const need of node.needs) users[need].push(number); });
  const hidden = new Set();
  let chosen = null, found = [], at = -1;
  const isShown = (number) => !hidden.has(nodes[number].state);
  const time = (ms) => ms < 100 ? Math.round(ms) + " ms" : ms < 9950 ? (ms / 1000).toFixed(1) + " s" : ms < 59500 ? Math.round(ms / 1000) + " s" : ms < 3570000 ? Math.floor(Math.round(ms / 1000) / 60) + " min " + String(Math.round(ms / 1000) % 60).padStart(2, "0") + " s" : Math.floor(ms / 3600000) + " h " + String(Math.round(ms % 3600000 / 60000)).padStart(2, "0") + " min";
  const size = (bytes) => { let unit = 0; while (bytes >= 1024 && unit < 5) { bytes /= 1024; unit++; } return (unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)) + " " + ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][unit]; };

  // The timeline. `view` is the part of the time that is shown.
  const line = $("line"), whole = Math.max(data.took, 1), view = { from: 0, to: whole };
  const bars = [];
  nodes.forEach((node, number) => node.tries.forEach((one, attempt) => bars.push({ number, attempt, from: one.from, to: one.to, took: one.took || one.to - one.from, lanes: one.lanes })));
  bars.sort((a, b) => a.from - b.from || a.number - b.number);
  const back = nodes.map((node, number) => ({ number, from: node.checked, to: node.settled })).filter((bar) => nodes[bar.number].state === "restored" && bar.to !== null).sort((a, b) => a.from - b.from);
  const rowsBack = []; // restored ones beside each other, in a few rows
  for (const bar of back) { let row = rowsBack.findIndex((end) => end <= bar.from); if (row < 0) row = rowsBack.length < 4 ? rowsBack.length : 3; rowsBack[row] = bar.to; bar.row = row; }
  const steps = [];
  for (const node of nodes) if (node.queued !== null) { steps.push([node.queued, 1]); steps.push([node.tries.length ? node.tries[0].from : node.settled ?? whole, -1]); }
  steps.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let waiting = 0;
  const waits = [[0, 0]];
  for (const [moment, change] of steps) { waiting += change; if (waits[waits.length - 1][0] === moment) waits[waits.length - 1][1] = waiting; else waits.push([moment, waiting]); }
  const mostWaiting = waits.reduce((most, [, count]) => Math.max(most, count), 0);
  // What each command held at most, added up over those that ran: no look can have missed more.
  const changes = [];
  for (const bar of bars) { const most = nodes[bar.number].peak; if (most !== null) changes.push([bar.from, most], [bar.to, -most]); }
  changes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const added = [[0, 0]];
  for (const [moment, change] of changes) added.push([moment, added[added.length - 1][1] + change]);
  const peak = [...data.memory, ...added].reduce((most, [, bytes]) => Math.max(most, bytes), 0);
  const laneHigh = Math.max(7, Math.min(26, Math.floor(360 / data.lanes)));
  const top = 36, gap = 12;
  const rows = { lanes: top, back: top + data.lanes * laneHigh + gap };
  rows.waits = rows.back + (back.length ? rowsBack.length * 9 + 12 + gap : 0);
  rows.memory = rows.waits + (mostWaiting ? 34 + gap : 0);
  const high = rows.memory + (peak ? 78 : 0) + 6;
  let colours = {}, width = 0, left = 78;
  function hue(name) { return colours[name] ??= resolve(name); }
  const probe = document.createElement("i");
  probe.hidden = true; document.body.append(probe);
  function resolve(name) { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; }
  const hueOf = { ran: "ran", failed: "missing", restored: "cached", stopped: "line", fresh: "fresh", blocked: "line" };
  const x = (moment) => left + (moment - view.from) / (view.to - view.from) * (width - left - 10);
  const momentAt = (px) => view.from + (px - left) / (width - left - 10) * (view.to - view.from);
  const tick = () => { const room = (view.to - view.from) / Math.max(2, (width - left) / 80); for (const step of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 144e5, 288e5, 864e5]) if (step >= room) return step; return 864e5; };
  let pending = false;
  function draw() { if (!pending) { pending = true; requestAnimationFrame(() => { pending = false; paint(); }); } }
  function paint() {
    const scale = window.devicePixelRatio || 1, box = line.getBoundingClientRect();
    width = box.width || 600;
    left = width < 520 ? 54 : 78;
    line.style.height = high + "px";
    line.width = Math.round(width * scale); line.height = Math.round(high * scale);
    const pen = line.getContext("2d");
    pen.scale(scale, scale);
    pen.font = "12px " + getComputedStyle(document.body).fontFamily;
    pen.textBaseline = "middle";
    const step = tick();
    pen.strokeStyle = hue("rule"); pen.fillStyle = hue("soft"); pen.lineWidth = 1;
    for (let moment = Math.ceil(view.from / step) * step; moment <= view.to; moment += step) {
      const px = Math.round(x(moment)) + 0.5;
      pen.beginPath(); pen.moveTo(px, top - 6); pen.lineTo(px, high - 4); pen.stroke();
      if (px < width - 56) pen.fillText(moment ? time(moment) : "0", px + 2, 14);
    }
    const label = (words, y) => { pen.fillStyle = hue("soft"); pen.fillText(words, 8, y, left - 12); };
    label(data.lanes > 1 ? data.lanes + " slots" : "1 slot", top + Math.min(data.lanes * laneHigh / 2, 12));
    pen.save();
    pen.beginPath(); pen.rect(left, 0, width - left - 10, high); pen.clip();
    const bottom = top + data.lanes * laneHigh;
    for (const bar of bars) if (nodes[bar.number].alone) {
      const from = x(bar.from), wide = Math.max(2, x(bar.to) - from);
      pen.fillStyle = hue("band"); pen.fillRect(from, top - 6, wide, high - top);
      pen.fillStyle = hue("band-edge"); pen.fillRect(from, top - 6, wide, 2);
    }
    pen.strokeStyle = hue("line"); pen.lineWidth = 1;
    for (const [, from, to] of data.rooms) {
      const a = x(from), b = Math.max(x(to), a + 1);
      pen.save(); pen.beginPath(); pen.rect(a, top, b - a, bottom - top); pen.clip(); pen.globalAlpha = 0.55; pen.beginPath();
      for (let px = a - (bottom - top); px < b; px += 7) { pen.moveTo(px, bottom); pen.lineTo(px + bottom - top, top); }
      pen.stroke(); pen.restore();
    }
    const onPath = new Set(data.path);
    for (const bar of bars) {
      const node = nodes[bar.number], colour = hueOf[bar.attempt < node.tries.length - 1 ? "failed" : node.state];
      const from = x(bar.from), done = x(Math.min(bar.from + bar.took, bar.to)), to = x(bar.to);
      if (to < left || from > width) continue;
      const faint = !isShown(bar.number) || (found.length && search.value.trim() && !found.includes(bar.number));
      pen.globalAlpha = faint ? 0.15 : 1;
      for (const [first, last] of runsOf(bar.lanes)) {
        const y = top + first * laneHigh + 1, tall = (last - first + 1) * laneHigh - 2;
        pen.fillStyle = hue(colour + "-in"); pen.fillRect(from, y, Math.max(1, to - from), tall);
        pen.fillStyle = hue(colour); pen.fillRect(from, y, Math.max(1, done - from), tall);
        if (to - from > 3) { pen.strokeStyle = hue("paper"); pen.lineWidth = 1; pen.strokeRect(from + 0.5, y + 0.5, to - from - 1, tall - 1); }
        if (onPath.has(bar.number)) { pen.fillStyle = hue("strong"); pen.fillRect(from, y + tall - 2.5, Math.max(1, to - from), 2.5); }
        if (bar.number === chosen) { pen.strokeStyle = hue("strong"); pen.lineWidth = 2.5; pen.strokeRect(from - 1, y - 1, Math.max(3, to - from) + 2, tall + 2); }
        const inside = Math.min(done, width - 10) - Math.max(from, left);
        if (tall >= 13 && inside > 34) {
          pen.save(); pen.beginPath(); pen.rect(Math.max(from, left), y, inside - 4, tall); pen.clip();
          pen.fillStyle = hue("on"); pen.fillText(fitted(pen, node.name, inside - 12), Math.max(from, left) + 6, y + Math.min(tall, laneHigh) / 2 + 0.5); pen.restore();
        }
      }
      pen.globalAlpha = 1;
    }
    if (chosen !== null && nodes[chosen].tries.length && nodes[chosen].queued !== null) {
      const one = nodes[chosen].tries[0], y = top + (one.lanes[0] + 0.5) * laneHigh;
      pen.setLineDash([3, 3]); pen.strokeStyle = hue("waits"); pen.lineWidth = 2; pen.beginPath(); pen.moveTo(x(nodes[chosen].queued), y); pen.lineTo(x(one.from), y); pen.stroke(); pen.setLineDash([]);
    }
    for (const bar of back) {
      pen.globalAlpha = isShown(bar.number) ? 1 : 0.15;
      pen.fillStyle = hue(bar.number === chosen ? "strong" : "cached"); pen.fillRect(x(bar.from), rows.back + 6 + bar.row * 9, Math.max(2, x(bar.to) - x(bar.from)), 7);
      pen.globalAlpha = 1;
    }
    area(pen, waits, mostWaiting, rows.waits, 34, "waits", true);
    area(pen, [...data.memory, [whole, 0]], peak, rows.memory, 70, "memory", false);
    pen.beginPath();
    added.forEach(([moment, bytes], place) => { const y = rows.memory + 70 - bytes / Math.max(peak, 1) * 70; if (place) pen.lineTo(x(moment), rows.memory + 70 - added[place - 1][1] / Math.max(peak, 1) * 70); pen.lineTo(x(moment), y); });
    if (peak) { pen.strokeStyle = hue("memory"); pen.lineWidth = 1.5; pen.setLineDash([2, 2]); pen.stroke(); pen.setLineDash([]); }
    pen.restore();
    if (back.length) label("restored", rows.back + 10);
    if (mostWaiting) { label("waiting", rows.waits + 10); label("up to " + mostWaiting, rows.waits + 25); }
    if (peak) { label("memory", rows.memory + 10); label(size(peak), rows.memory + 25); }
  }
  // A name, or what there is room for of it, marked as cut.
  function fitted(pen, name, room) {
    const wide = pen.measureText(name).width;
    if (wide <= room) return name;
    const letters = Math.floor((room - 10) / wide * name.length);
    return letters < 2 ? "" : name.slice(0, letters) + "\u2026";
  }
  function area(pen, points, most, y, tall, name, stepped) {
    if (!most) return;
    pen.beginPath(); pen.moveTo(x(0), y + tall);
    let before = 0;
    for (const [moment, value] of points) {
      if (stepped) pen.lineTo(x(moment), y + tall - before / most * tall);
      pen.lineTo(x(moment), y + tall - value / most * tall);
      before = value;
    }
    if (stepped) pen.lineTo(x(whole), y + tall - before / most * tall);
    pen.lineTo(x(whole), y + tall);
    pen.fillStyle = hue(name); pen.globalAlpha = 0.45; pen.fill(); pen.globalAlpha = 1;
  }
  function runsOf(lanes) {
    const runs = [];
    for (const lane of lanes) if (runs.length && runs[runs.length - 1][1] === lane - 1) runs[runs.length - 1][1] = lane; else runs.push([lane, lane]);
    return runs;
  }
  const atPoint = (px, py) => {
    const near = (bar) => px >= x(bar.from) - 2 && px <= Math.max(x(bar.to), x(bar.from) + 3) + 1;
    if (py < rows.back - 4) { const lane = Math.floor((py - top) / laneHigh); for (let i = bars.length - 1; i >= 0; i--) if (bars[i].lanes.includes(lane) && near(bars[i])) return bars[i].number; return null; }
    const row = Math.floor((py - rows.back - 6) / 9), bar = back.find((one) => one.row === row && near(one));
    return bar ? bar.number : null;
  };
  function look(from, to) {
    const least = Math.min(whole, 20), span = Math.min(whole, Math.max(least, to - from));
    view.from = Math.max(0, Math.min(from, whole - span)); view.to = view.from + span;
    draw();
  }
  function zoomTime(factor, px) {
    const middle = momentAt(px ?? (left + width) / 2), span = (view.to - view.from) / factor;
    look(middle - (middle - view.from) / factor, middle - (middle - view.from) / factor + span);
  }
  const told = (number) => {
    const node = nodes[number], words = [node.name];
    if (node.tries.length) words.push(`${node.state} · ${time(node.took)} from ${time(node.tries[0].from)}`); else words.push(node.state + (node.saved ? ` · saved ${time(node.saved)}` : ""));
    const waited = node.tries.length && node.queued !== null ? node.tries[0].from - node.queued : 0;
    if (waited > 20) words.push(`waited ${time(waited)} for room`);
    if (node.alone) words.push("exclusive");
    return words.join("\n");
  };
  let drag = null, pulled = 0;
  const spotOf = (event) => { const box = line.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  line.addEventListener("pointerdown", (event) => { drag = event.clientX; pulled = 0; });
  window.addEventListener("pointermove", (event) => {
    if (drag === null) return;
    const by = (drag - event.clientX) / (width - left - 10) * (view.to - view.from);
    pulled += Math.abs(event.clientX - drag); drag = event.clientX;
    if (pulled > 4) look(view.from + by, view.to + by);
  });
  for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => { drag = null; });
  line.addEventListener("click", (event) => { if (pulled > 4) return; const number = atPoint(...spotOf(event)); if (number === null) close(); else choose(number, "line"); });
  line.addEventListener("mousemove", (event) => {
    const [px, py] = spotOf(event), number = atPoint(px, py), tip = $("tip");
    let words = number === null ? "" : told(number);
    if (!words && py < rows.back) { const room = data.rooms.find(([, from, to]) => px >= x(from) && px <= x(to)); if (room && px >= left) words = `slots kept free for ${nodes[room[0]].name}`; }
    if (!words && peak && py > rows.memory && px >= left) { const moment = momentAt(px), point = data.memory.filter(([when]) => when <= moment).pop(); if (point) words = `${size(point[1])} at ${time(moment)}`; }
    tip.hidden = !words; tip.textContent = words;
    line.style.cursor = number === null ? "grab" : "pointer";
    if (words) { tip.style.left = Math.max(4, Math.min(px + 12, width - tip.offsetWidth - 8)) + "px"; tip.style.top = Math.min(py + 14, high - tip.offsetHeight - 4) + "px"; }
  });
  line.addEventListener("mouseleave", () => { $("tip").hidden = true; });
  line.addEventListener("wheel", (event) => {
    if (event.ctrlKey) { event.preventDefault(); zoomTime(Math.exp(-event.deltaY * 0.008), spotOf(event)[0]); }
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); const by = (event.deltaX || event.deltaY) / width * (view.to - view.from); look(view.from + by, view.to + by); }
  }, { passive: false });
  $("time-in").onclick = () => zoomTime(1.6);
  $("time-out").onclick = () => zoomTime(1 / 1.6);
  $("time-all").onclick = () => look(0, whole);
  // Of the legend what this timeline has.
  const has = { ran: bars.some((bar) => nodes[bar.number].state === "ran"), failed: bars.some((bar) => nodes[bar.number].state === "failed" || nodes[bar.number].tries.length > 1), restored: back.length, alone: bars.some((bar) => nodes[bar.number].alone), room: data.rooms.length, waits: mostWaiting, memory: data.memory.length, most: changes.length, way: data.path.length, keeps: bars.some((bar) => bar.to - bar.from > bar.took) };
  for (const swatch of document.querySelectorAll(".legend-line .swatch")) swatch.parentNode.hidden = !has[swatch.classList[1]];
  const inTime = [...new Set(bars.map((bar) => bar.number)), ...back.map((bar) => bar.number)];
  line.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && inTime.length) {
      event.preventDefault();
      let place = inTime.indexOf(chosen);
      do place += step; while (place >= 0 && place < inTime.length && !isShown(inTime[place]));
      if (inTime[place] !== undefined) choose(inTime[place], "line");
    }
    if (event.key === "Enter" && chosen !== null) panel.focus();
  });
  function revealInTime(number) {
    const node = nodes[number], from = node.tries.length ? node.tries[0].from : node.checked, to = node.settled ?? from;
    if (from === null || (from >= view.from && from <= view.to)) return;
    const span = view.to - view.from;
    look((from + to - span) / 2, (from + to + span) / 2);
  }

  // The graph.
  const cardOf = (number) => $("card-" + number), paths = [...scene.querySelectorAll(".line")];
  const before = data.cards.map(() => []), behind = data.cards.map(() => []);
  for (const [from, to] of data.lines) { behind[from].push(to); before[to].push(from); }
  const picture = lookAround(canvas, scene, places, { scrolls: true, low: (box) => box.height - 60, tap: (card) => card ? chooseCard(+card.dataset.card, "canvas") : close() });
  function reach(number, next) {
    const seen = new Set([number]), queue = [number];
    while (queue.length) for (const other of next[queue.pop()]) if (!seen.has(other)) { seen.add(other); queue.push(other); }
    return seen;
  }
  let chosenCard = null;
  function mark() {
    draw();
    for (const row of document.querySelectorAll("#table tr.chosen")) row.classList.remove("chosen");
    if (chosen !== null) rowOf[chosen].classList.add("chosen");
    if (!data.drawn) return;
    scene.querySelectorAll(".near, .chosen").forEach((thing) => thing.classList.remove("near", "chosen"));
    const searching = search.value.trim() !== "";
    scene.classList.toggle("asking", chosenCard !== null || searching);
    if (chosenCard === null) { for (const number of found) cardOf(nodes[number].card).classList.add("near"); return; }
    const up = reach(chosenCard, before), down = reach(chosenCard, behind);
    for (const number of [...up, ...down]) cardOf(number).classList.add("near");
    for (const path of paths) { const from = +path.dataset.from, to = +path.dataset.to; if ((up.has(from) && up.has(to)) || (down.has(from) && down.has(to))) path.classList.add("near"); }
    cardOf(chosenCard).classList.add("chosen");
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && chosenCard !== null) panel.focus();
    if (!event.key.startsWith("Arrow") || !data.cards.length) return;
    event.preventDefault();
    if (chosenCard === null) { chooseCard(0, "canvas"); return; }
    const [px, py] = places[chosenCard], shown = (number) => !cardOf(number).classList.contains("away");
    const near = (numbers) => numbers.filter(shown).sort((a, b) => Math.abs(places[a][1] - py) - Math.abs(places[b][1] - py))[0];
    const column = places.map((_, number) => number).filter((number) => places[number][0] === px && shown(number));
    const next = { ArrowLeft: () => near(before[chosenCard]), ArrowRight: () => near(behind[chosenCard]), ArrowUp: () => near(column.filter((number) => places[number][1] < py)), ArrowDown: () => near(column.filter((number) => places[number][1] > py)) }[event.key]();
    if (next !== undefined) chooseCard(next, "canvas");
  });

  // The panel.
  const make = (tag, words, name) => { const made = document.createElement(tag); if (words !== undefined) made.textContent = words; if (name) made.className = name; return made; };
  function stateLine(state, words) {
    const line = make("p", undefined, "state " + state);
    line.innerHTML = `<svg width="16" height="16" aria-hidden="true"><use href="#sign-${state}"/></svg>`;
    line.append(words || state);
    return line;
  }
  function link(number) { const button = make("button", nodes[number].name, "link"); button.type = "button"; button.onclick = () => choose(number, "panel"); return button; }
  function list(title, items, entry) {
    if (!items.length) return [];
    const rows = make("ul"), most = 200;
    for (const item of items.slice(0, most)) { const row = make("li"); row.append(...entry(item)); rows.append(row); }
    if (items.length > most) rows.append(make("li", `and ${items.length - most} more`, "dim"));
    return [make("h3", title), rows];
  }
  function plot(node) {
    if (node.runs.length < 2) return [];
    const most = Math.max(...node.runs.map((run) => run[1]), 1), wide = 300 / node.runs.length;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "plot"); svg.setAttribute("viewBox", "0 0 300 76"); svg.setAttribute("preserveAspectRatio", "none"); svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "How long its last runs took: " + node.runs.map((run) => `build ${run[0]} ${time(run[1])}`).join(", "));
    const shape = (tag, facts) => { const made = document.createElementNS("http://www.w3.org/2000/svg", tag); for (const name in facts) made.setAttribute(name, facts[name]); svg.append(made); return made; };
    node.runs.forEach(([build, took, state], number) => {
      const tall = Math.max(2, took / most * 70);
      const bar = shape("rect", { x: (number * wide + 1).toFixed(1), y: (74 - tall).toFixed(1), width: Math.max(1, Math.min(wide - 2, 26)).toFixed(1), height: tall.toFixed(1), class: state + (build === data.build ? " now" : "") });
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = `build ${build}: ${state}, ${time(took)}`;
      bar.append(title);
    });
    if (node.usual !== null) shape("line", { x1: 0, x2: 300, y1: 74 - node.usual / most * 70, y2: 74 - node.usual / most * 70 });
    const words = node.usual === null ? "none of them went well" : `usually ${time(node.usual)} (median, dashed)`;
    return [make("h3", `Its last ${node.runs.length} runs`), svg, make("p", words, "dim")];
  }
  function facts(node) {
    const words = [];
    if (node.took !== null) words.push(`took ${time(node.took)}`);
    if (node.tries.length > 1) words.push(`${node.tries.length} tries`);
    if (node.tries.length && node.queued !== null && node.tries[0].from - node.queued > 20) words.push(`waited ${time(node.tries[0].from - node.queued)} for room`);
    if (node.saved) words.push(`saved ${time(node.saved)}`);
    if (node.cpu !== null) words.push(`processor ${time(node.cpu)}`);
    if (node.peak !== null) words.push(`memory up to ${size(node.peak)}`);
    if (node.alone) words.push("exclusive: ran alone"); else if (node.slots > 1) words.push(`${node.slots} slots`);
    if (node.unchanged) words.push("wrote what was there before");
    if (node.key) words.push(`key ${node.key}`);
    return words.join(" · ");
  }
  function tell(number) {
    const node = nodes[number], parts = [stateLine(node.state, node.ended && `${node.state}: ${node.ended}`)];
    const words = facts(node);
    if (words) parts.push(make("p", words, "dim"));
    if (node.reasons.length) parts.push(make("h3", "Why it ran"));
    for (const reason of node.reasons) parts.push(make("p", reason, "said"));
    if (node.command) parts.push(make("h3", "Command"), make("pre", node.command));
    if (node.log) { parts.push(make("h3", node.log.cut ? "The end of what it printed" : "What it printed"), make("pre", node.log.text || "nothing", "log")); }
    parts.push(...plot(node));
    parts.push(...list("Reads", node.inputs, (path) => [path]));
    parts.push(...list("Writes", node.outputs, ([path, bytes]) => [path, make("span", bytes === null ? "" : "  " + size(bytes), "dim")]));
    parts.push(...list("Needs", node.needs, (need) => [link(need)]));
    parts.push(...list("After", node.after, (other) => [link(other)]));
    parts.push(...list("Needed by", users[number], (user) => [link(user)]));
    return parts;
  }
  function show(title, parts) {
    const shut = make("button", "\u00d7", "close");
    shut.type = "button"; shut.setAttribute("aria-label", "Close"); shut.onclick = close;
    panel.replaceChildren(shut, make("h2", title), ...parts);
    panel.setAttribute("aria-label", "Node " + title);
    panel.hidden = false; panel.scrollTop = 0;
  }
  function choose(number, from) {
    const card = data.cards[nodes[number].card], parts = tell(number);
    chosen = number; chosenCard = nodes[number].card;
    if (card.nodes.length > 1) { const all = make("button", `all ${card.nodes.length} of ${card.name}`, "link"); all.type = "button"; all.onclick = () => chooseCard(nodes[number].card, "panel"); const line = make("p"); line.append(all); parts.unshift(line); }
    show(nodes[number].name, parts);
    mark();
    revealInTime(number);
    if (data.drawn) { picture.reveal(chosenCard); canvas.setAttribute("aria-activedescendant", "card-" + chosenCard); }
    if (from !== "table") line.setAttribute("aria-description", told(number).replaceAll("\n", ", "));
  }
  function chooseCard(number, from) {
    const card = data.cards[number];
    if (card.nodes.length === 1) { choose(card.nodes[0], from); return; }
    chosen = null; chosenCard = number;
    const parts = Object.entries(card.counts).map(([state, count]) => stateLine(state, `${count} ${state}`));
    parts.push(...list("Instances", card.nodes, (node) => [link(node), make("span", "  " + nodes[node].state + (nodes[node].took === null ? "" : ", " + time(nodes[node].took)), "dim")]));
    show(`${card.name} \u00d7${card.nodes.length}`, parts);
    mark();
    picture.reveal(number);
  }
  function close() {
    if (panel.contains(document.activeElement)) line.focus();
    chosen = null; chosenCard = null; panel.hidden = true; mark();
  }

  // Search, outcomes, table.
  const rowOf = [], texts = [];
  for (const row of document.querySelectorAll("#table tbody tr")) rowOf[+row.dataset.node] = row;
  const textOf = (number) => texts[number] ??= [nodes[number].name, nodes[number].command, ...nodes[number].inputs, ...nodes[number].outputs.map((output) => output[0]), nodes[number].log ? nodes[number].log.text : ""].join("\n").toLowerCase();
  function sift() {
    const searching = search.value.trim() !== "", these = new Set(found);
    rowOf.forEach((row, number) => { row.hidden = !isShown(number) || (searching && !these.has(number)); });
    if (data.drawn) {
      const away = data.cards.map((card) => card.nodes.every((number) => !isShown(number)));
      away.forEach((is, number) => cardOf(number).classList.toggle("away", is));
      for (const path of paths) path.classList.toggle("away", away[path.dataset.from] || away[path.dataset.to]);
    }
    draw();
  }
  function seek() {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    chosen = null; chosenCard = null; panel.hidden = true; at = -1;
    found = words.length ? nodes.map((_, number) => number).filter((number) => words.every((word) => textOf(number).includes(word))) : [];
    const named = (number) => words.every((word) => nodes[number].name.toLowerCase().includes(word)) ? 0 : 1;
    found.sort((a, b) => named(a) - named(b));
    $("found").textContent = words.length ? (found.length ? `${found.length} found` : "nothing found") : "";
    mark(); sift();
    if (found.length && data.drawn) picture.reveal(nodes[found[0]].card);
  }
  search.addEventListener("input", seek);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && found.length) { at = (at + (event.shiftKey ? found.length - 1 : 1)) % found.length; choose(found[at], "search"); $("found").textContent = `${at + 1} of ${found.length}`; }
    if (event.key === "Escape") { search.value = ""; seek(); line.focus(); }
  });
  for (const key of document.querySelectorAll(".key[data-state]")) key.onclick = () => {
    const state = key.dataset.state;
    if (!hidden.delete(state)) hidden.add(state);
    key.setAttribute("aria-pressed", String(!hidden.has(state)));
    sift();
  };
  document.querySelectorAll("#table thead th").forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.onclick = () => {
      const down = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : head.classList.contains("number");
      document.querySelectorAll("#table thead th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.sort === undefined ? row.cells[column].textContent : +row.cells[column].dataset.sort;
      const order = rowOf.map((row) => [value(row), row]).sort(([a], [b]) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true })) * (down ? -1 : 1));
      document.querySelector("#table tbody").append(...order.map(([, row]) => row));
    };
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#table tbody button.link, .path button.link, .failures button.link");
    if (button) choose(+button.closest("[data-node]").dataset.node, "table");
  });
  const darkNow = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => { colours = {}; draw(); };
  darkNow.addEventListener("change", recolour);
  $("theme").onclick = () => {
    const root = document.documentElement, now = root.dataset.theme || (darkNow.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    recolour();
  };
  $("help").onclick = () => $("keys").showModal();
  document.addEventListener("keydown", (event) => {
    if (event.target === search || event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    const inGraph = document.activeElement === canvas;
    const act = { "/": () => search.focus(), "+": () => inGraph ? picture.zoom(1.3) : zoomTime(1.5), "=": () => inGraph ? picture.zoom(1.3) : zoomTime(1.5), "-": () => inGraph ? picture.zoom(1 / 1.3) : zoomTime(1 / 1.5), "0": () => inGraph ? picture.fit() : look(0, whole), t: () => { $("table").scrollIntoView(); document.querySelector("#table button").focus({ preventScroll: true }); }, "?": () => $("keys").showModal(), Escape: close }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  new ResizeObserver(draw).observe(line);

  const asked = new URLSearchParams(location.hash.slice(1));
  if (asked.get("theme")) document.documentElement.dataset.theme = asked.get("theme");
  paint();
  if (data.drawn) picture.start();
  if (asked.get("search")) { search.value = asked.get("search"); seek(); }
  const named = nodes.findIndex((node) => node.name === asked.get("node"));
  if (named >= 0) choose(named, "hash");
  document.documentElement.dataset.ready = String(nodes.length);
})();
