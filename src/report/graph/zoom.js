"use strict";
// Moving over a drawn graph: wheel, mouse, fingers, buttons. Knows places, not what stands there.
function lookAround(canvas, scene, places, hooks) {
  const whole = { width: +canvas.dataset.width, height: +canvas.dataset.height }, tall = 46;
  // Where the picture stands: `scale` is the size of its unit in pixels.
  const view = { x: 0, y: 0, scale: 1 };
  const show = () => scene.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
  const size = () => canvas.getBoundingClientRect();
  const bounds = () => { const box = size(); return Math.min(0.4, (box.width - 40) / Math.max(whole.width, 1), (box.height - 40) / Math.max(whole.height, 1)) / 2; };
  function zoom(factor, x, y) {
    const box = size();
    if (x === undefined) { x = box.width / 2; y = box.height / 2; }
    const scale = Math.min(4, Math.max(bounds(), view.scale * factor));
    view.x = x - (x - view.x) * scale / view.scale;
    view.y = y - (y - view.y) * scale / view.scale;
    view.scale = scale;
    show();
  }
  function fit() {
    const box = size(), left = box.width <= 700 ? 16 : 68, low = 56;
    const wide = box.width - left - 20, high = box.height - 20 - low;
    view.scale = Math.min(1.25, wide / Math.max(whole.width, 1), high / Math.max(whole.height, 1));
    view.x = left + Math.max(0, (wide - whole.width * view.scale) / 2);
    view.y = 20 + Math.max(0, (high - whole.height * view.scale) / 2);
    show();
  }
  // Where all of it would be too small to read, it starts readable at its left end.
  function start() {
    fit();
    if (view.scale >= 0.55) return;
    const box = size(), scale = box.width <= 700 ? 0.8 : Math.min(0.75, Math.max(view.scale, 0.55));
    const column = places.filter((place) => place[0] === 0);
    const middle = column.reduce((sum, place) => sum + place[1], 0) / Math.max(column.length, 1);
    view.scale = scale;
    view.x = box.width <= 700 ? 16 : 68;
    view.y = whole.height * scale < box.height ? (box.height - whole.height * scale) / 2 : Math.min(20, box.height / 2 - middle * scale);
    show();
  }
  function reveal(number) {
    const [x, y, width] = places[number], box = size();
    if (view.scale < 0.6) view.scale = 0.9;
    const left = x * view.scale + view.x, top = y * view.scale + view.y;
    const low = hooks.low(box);
    if (left < 20 || left + width * view.scale > box.width - 20 || top < 20 || top + tall * view.scale > low) {
      view.x = box.width / 2 - (x + width / 2) * view.scale;
      view.y = (low + 20) / 2 - (y + tall / 2) * view.scale;
    }
    show();
  }

  // Fingers and mouse.
  const fingers = new Map();
  let moved = 0;
  const spot = (event) => { const box = size(); return { x: event.clientX - box.left, y: event.clientY - box.top }; };
  canvas.addEventListener("wheel", (event) => {
    if (hooks.scrolls && !event.ctrlKey) return;
    event.preventDefault();
    const { x, y } = spot(event), step = event.deltaMode === 1 ? 24 : 1;
    if (event.shiftKey) { view.x -= event.deltaY * step; show(); return; }
    zoom(Math.exp(-event.deltaY * step * (event.ctrlKey ? 0.008 : 0.0016)), x, y);
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, spot(event));
    if (fingers.size === 1) moved = 0;
  });
  window.addEventListener("pointermove", (event) => {
    const old = fingers.get(event.pointerId);
    if (!old) return;
    const now = spot(event);
    moved += Math.abs(now.x - old.x) + Math.abs(now.y - old.y);
    if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
      zoom(far(now, other) / far(old, other), (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (moved > 4) {
      canvas.classList.add("moving");
      view.x += now.x - old.x; view.y += now.y - old.y;
      show();
    }
    fingers.set(event.pointerId, now);
  });
  for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, (event) => {
    fingers.delete(event.pointerId);
    canvas.classList.remove("moving");
  });
  canvas.addEventListener("click", (event) => {
    if (moved <= 4) hooks.tap(event.target.closest(".card"));
  });
  document.getElementById("in").onclick = () => zoom(1.4);
  document.getElementById("out").onclick = () => zoom(1 / 1.4);
  document.getElementById("fit").onclick = fit;
  return { view, show, zoom, fit, start, reveal };
}
