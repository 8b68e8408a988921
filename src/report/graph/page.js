
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const read = (id) => JSON.parse($(id).textContent);
  const data = read("data"), places = read("places");
  const canvas = $("canvas"), scene = $("scene"), panel = $("panel"), search = $("search");
  const cardOf = (number) => $("card-" + number);
  const paths = [...scene.querySelectorAll(".line")];
  const byName = new Map(data.nodes.map((node) => [node.node, node]));
  const before = data.cards.map(() => []), behind = data.cards.map(() => []);
  for (const line of data.lines) { behind[line.from].push(line.to); before[line.to].push(line.from); }
  const texts = new Map();
  let chosen = null, found = [], at = -1;
  const hidden = new Set();

  const { view, show, zoom, fit, start, reveal } = lookAround(canvas, scene, places, {
    low: (box) => box.width <= 700 && !panel.hidden ? box.height * 0.34 : box.height - 70,
    tap: (card) => card ? choose(+card.dataset.card, true) : close(),
  });

  // All cards that lead to one, or to which one leads.
  function reach(number, next) {
    const seen = new Set([number]), queue = [number];
    while (queue.length) for (const other of next[queue.pop()]) if (!seen.has(other)) { seen.add(other); queue.push(other); }
    return seen;
  }
  function mark() {
    scene.querySelectorAll(".near, .chosen").forEach((thing) => thing.classList.remove("near", "chosen"));
    const asked = chosen !== null || search.value.trim() !== "";
    scene.classList.toggle("asking", asked);
    if (!asked) return;
    if (search.value.trim() !== "" && chosen === null) {
      for (const number of found) cardOf(number).classList.add("near");
      return;
    }
    const up = reach(chosen, before), down = reach(chosen, behind);
    for (const number of [...up, ...down]) cardOf(number).classList.add("near");
    for (const path of paths) {
      const from = +path.dataset.from, to = +path.dataset.to;
      if ((up.has(from) && up.has(to)) || (down.has(from) && down.has(to))) path.classList.add("near");
    }
    cardOf(chosen).classList.add("chosen");
  }

  // The panel.
  const make = (tag, words, name) => {
    const made = document.createElement(tag);
    if (words !== undefined) made.textContent = words;
    if (name) made.className = name;
    return made;
  };
  const stateWords = { fresh: "fresh", cached: "cached: will be restored", "may-run": "may run", stale: "stale: has to run", missing: "a source is missing" };
  function stateLine(state, words) {
    const line = make("p", undefined, "state " + state);
    line.innerHTML = `<svg width="16" height="16" aria-hidden="true"><use href="#sign-${state}"/></svg>`;
    line.append(words || stateWords[state]);
    return line;
  }
  const time = (ms) => ms < 100 ? ms + " ms" : ms < 60000 ? (ms / 1000).toFixed(1) + " s" : ms < 3600000 ? Math.floor(ms / 60000) + " min " + Math.round(ms % 60000 / 1000) + " s" : Math.floor(ms / 3600000) + " h " + Math.round(ms % 3600000 / 60000) + " min";
  function link(name, words) {
    const node = byName.get(name);
    if (!node) return make("span", words || name);
    const button = make("button", words || name, "link");
    button.type = "button";
    button.onclick = () => choose(node.card, true, name);
    return button;
  }
  function list(title, items, entry) {
    if (!items.length) return [];
    const rows = make("ul"), most = 200;
    for (const item of items.slice(0, most)) { const row = make("li"); row.append(...entry(item)); rows.append(row); }
    if (items.length > most) rows.append(make("li", `and ${items.length - most} more`, "dim"));
    return [make("h3", title), rows];
  }
  const path = (used, word) => used.written_by ? [used.path + "  ", make("span", "from ", "dim"), link(used.written_by)] : [used.path, make("span", word, "dim")];
  function told(node) {
    const parts = [stateLine(node.state)];
    for (const reason of node.reasons) parts.push(make("p", reason.text, "said"));
    for (const source of node.missing) parts.push(make("p", source.text, "said"));
    if (node.waits_for) { const line = make("p", "depends on what "); line.append(link(node.waits_for), " writes"); parts.push(line); }
    if (node.about) parts.unshift(make("p", node.about));
    const facts = [];
    if (!node.guessed) facts.push(`takes about ${time(node.expected_ms)}`); else facts.push("has never run here");
    if (node.longest) facts.push("on the longest path");
    if (node.exclusive === true) facts.push("exclusive: runs alone"); else if (node.exclusive) facts.push(`exclusive ${node.exclusive}`);
    if (node.slots > 1) facts.push(`${node.slots} slots`);
    if (node.tags.length) facts.push("tags " + node.tags.join(", "));
    parts.push(make("p", facts.join(" · "), "dim"));
    parts.push(make("h3", node.folder ? `Command, in ${node.folder}` : "Command"), make("pre", node.command));
    parts.push(...list("Reads", node.inputs, (used) => path(used, "  source")));
    parts.push(...list("Writes", node.outputs, (used) => path(used, "")));
    parts.push(...list("After", node.after, (name) => [link(name)]));
    const users = behind[node.card].flatMap((card) => data.cards[card].nodes).map((name) => byName.get(name)).filter((user) => user.needs.includes(node.node));
    parts.push(...list("Needed by", users, (user) => [link(user.node)]));
    return parts;
  }
  function choose(number, focus, name) {
    const card = data.cards[number];
    if (card.nodes.length === 1) name = card.nodes[0];
    chosen = number;
    const shut = make("button", "\u00d7", "close");
    shut.type = "button"; shut.setAttribute("aria-label", "Close"); shut.onclick = close;
    panel.replaceChildren(shut, make("h2", name || `${card.name} \u00d7${card.nodes.length}`));
    if (name) {
      if (card.nodes.length > 1) { const back = make("button", `all ${card.nodes.length} of ${card.name}`, "link"); back.type = "button"; back.onclick = () => choose(number, true); const line = make("p"); line.append(back); panel.append(line); }
      panel.append(...told(byName.get(name)));
    } else {
      for (const [state, count] of Object.entries(card.counts)) panel.append(stateLine(state, `${count} ${stateWords[state]}`));
      panel.append(...list("Instances", card.nodes, (node) => [link(node), make("span", "  " + byName.get(node).state.replace("-", " "), "dim")]));
    }
    panel.hidden = false;
    panel.scrollTop = 0;
    mark();
    reveal(number);
    canvas.setAttribute("aria-activedescendant", "card-" + number);
    panel.setAttribute("aria-label", "Node " + (name || card.name));
    if (focus === "panel") panel.focus();
  }
  function close() {
    if (panel.contains(document.activeElement)) canvas.focus();
    chosen = null; panel.hidden = true; mark();
  }

  // Search: names, words of the manifest, files, commands.
  const textOf = (number) => {
    if (!texts.has(number)) texts.set(number, data.cards[number].nodes.map((name) => {
      const node = byName.get(name);
      return [name, node.about, node.command, ...node.tags, ...node.inputs.map((used) => used.path), ...node.outputs.map((used) => used.path)].join("\n");
    }).join("\n").toLowerCase());
    return texts.get(number);
  };
  function look() {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    chosen = null; panel.hidden = true; at = -1;
    found = words.length ? data.cards.map((_, number) => number).filter((number) => words.every((word) => textOf(number).includes(word))) : [];
    const named = (number) => words.every((word) => data.cards[number].name.toLowerCase().includes(word)) ? 0 : 1;
    found.sort((a, b) => named(a) - named(b));
    $("found").textContent = words.length ? (found.length ? `${found.length} found` : "nothing found") : "";
    mark(); sift();
    if (found.length) reveal(found[0]);
  }
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && found.length) { at = (at + (event.shiftKey ? found.length - 1 : 1)) % found.length; choose(found[at], true); $("found").textContent = `${at + 1} of ${found.length}`; }
    if (event.key === "Escape") { search.value = ""; look(); canvas.focus(); }
  });

  // States that are switched off are not drawn; the table shows what is left, and what was searched for.
  function sift() {
    const away = data.cards.map((card) => Object.keys(card.counts).every((state) => hidden.has(state)));
    away.forEach((is, number) => cardOf(number).classList.toggle("away", is));
    for (const line of paths) line.classList.toggle("away", away[line.dataset.from] || away[line.dataset.to]);
    const searching = search.value.trim() !== "", these = new Set(found);
    for (const row of document.querySelectorAll("#table tbody tr")) row.hidden = hidden.has(row.dataset.state) || (searching && !these.has(+row.dataset.card));
  }
  for (const key of document.querySelectorAll(".key[data-state]")) key.onclick = () => {
    const state = key.dataset.state;
    if (!hidden.delete(state)) hidden.add(state);
    key.setAttribute("aria-pressed", String(!hidden.has(state)));
    sift();
  };

  function asTable(is) {
    $("table").hidden = !is; $("picture").hidden = is;
    $("as-table").setAttribute("aria-pressed", String(is));
    if (!is && !view.placed) { start(); view.placed = true; }
  }
  $("as-table").onclick = () => asTable($("table").hidden);
  $("table").addEventListener("click", (event) => {
    const button = event.target.closest("button.link");
    if (button) choose(+button.closest("tr").dataset.card, true, button.textContent);
  });
  $("theme").onclick = () => {
    const root = document.documentElement, now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
  };
  $("help").onclick = () => $("keys").showModal();

  // Keys.
  function step(key) {
    if (chosen === null) { choose(found.length ? found[0] : 0, false); return; }
    const [x, y] = places[chosen], seen = (number) => !cardOf(number).classList.contains("away");
    const near = (numbers) => numbers.filter(seen).sort((a, b) => Math.abs(places[a][1] - y) - Math.abs(places[b][1] - y))[0];
    const column = places.map((_, number) => number).filter((number) => places[number][0] === x && seen(number));
    const next = { ArrowLeft: () => near(before[chosen]), ArrowRight: () => near(behind[chosen]),
      ArrowUp: () => near(column.filter((number) => places[number][1] < y)), ArrowDown: () => near(column.filter((number) => places[number][1] > y)) }[key]();
    if (next !== undefined) choose(next, false);
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow") && data.cards.length) { event.preventDefault(); step(event.key); }
    if (event.key === "Enter" && chosen !== null) choose(chosen, "panel");
  });
  document.addEventListener("keydown", (event) => {
    if (event.target === search || event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    const act = { "/": () => search.focus(), "+": () => zoom(1.3), "=": () => zoom(1.3), "-": () => zoom(1 / 1.3), "0": fit, t: () => asTable($("table").hidden), "?": () => $("keys").showModal(), Escape: close }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  window.addEventListener("resize", () => { if (!$("picture").hidden) show(); });

  const asked = new URLSearchParams(location.hash.slice(1));
  if (asked.get("theme")) document.documentElement.dataset.theme = asked.get("theme");
  // A picture of thousands of cards takes a browser a while, so it is drawn only for those who ask for it.
  asTable(asked.has("table") || data.cards.length > 2000);
  if (asked.get("search")) { search.value = asked.get("search"); look(); }
  const node = byName.get(asked.get("node"));
  if (node) choose(node.card, false, node.node);
  document.documentElement.dataset.ready = String(data.cards.length);
})();
