"use strict";
// Each figure: arrows move a cursor that reads all curves, a drag or + zooms in, − out, 0 shows all.
for (const figure of document.querySelectorAll("figure.chart")) {
  const plot = figure.querySelector(".plot"), svg = plot.querySelector("svg"), readout = figure.querySelector(".readout");
  const SIDE = 1000, whole = { x: JSON.parse(plot.dataset.x), y: JSON.parse(plot.dataset.y) };
  const curves = [...svg.querySelectorAll(".curve")].map((path) => ({
    label: path.dataset.label, steps: JSON.parse(path.dataset.steps), told: JSON.parse(path.dataset.told),
    values: JSON.parse(path.dataset.values), texts: JSON.parse(path.dataset.texts) }));
  const steps = [...new Set(curves.flatMap((curve) => curve.steps))].sort((a, b) => a - b);
  let seen = whole.x, at = null, from = null;
  const cursor = document.createElement("div"), chosen = document.createElement("div");
  cursor.className = "cursor"; chosen.className = "chosen"; cursor.hidden = chosen.hidden = true;
  plot.append(cursor, chosen);

  const share = (value, [low, high]) => (value - low) / (high - low);
  const inside = (value) => value >= seen[0] && value <= seen[1];

  function ticks([low, high]) {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
    const places = [];
    for (let n = Math.ceil(low / step); n * step <= high; n++) places.push(n * step);
    const largest = Math.max(Math.abs(low), Math.abs(high)), decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const told = (v) => (largest >= 1e6 || largest < 1e-3 ? v.toExponential(2) : v.toFixed(decimals)).replace("-", "−");
    return places.map((value) => [value, told(value)]);
  }

  function fitted() {
    if (seen === whole.x) return whole.y;
    const values = curves.flatMap((c) => c.values.filter((v, i) => v !== null && inside(c.steps[i])));
    const low = Math.min(...values), high = Math.max(...values);
    return !values.length ? whole.y : low === high ? [low - (Math.abs(low) / 2 || 0.5), high + (Math.abs(low) / 2 || 0.5)] : [low, high];
  }

  function draw() {
    const y = fitted(), room = (y[1] - y[0]) * (seen === whole.x ? 0 : 0.04), ends = { x: seen, y: [y[0] - room, y[1] + room] };
    const left = share(ends.x[0], whole.x) * SIDE, top = (1 - share(ends.y[1], whole.y)) * SIDE;
    const width = (share(ends.x[1], whole.x) - share(ends.x[0], whole.x)) * SIDE;
    const height = (share(ends.y[1], whole.y) - share(ends.y[0], whole.y)) * SIDE;
    svg.setAttribute("viewBox", [left, top, width, height].join(" "));
    plot.querySelectorAll(".tick").forEach((tick) => tick.remove());
    let grid = "";
    for (const axis of ["x", "y"]) for (const [value, text] of ticks(ends[axis])) {
      const tick = document.createElement("span");
      tick.className = `tick ${axis}`; tick.textContent = text; tick.ariaHidden = "true";
      tick.style[axis === "x" ? "left" : "bottom"] = `${100 * share(value, ends[axis])}%`;
      plot.append(tick);
      const place = share(value, whole[axis]) * SIDE;
      grid += axis === "x" ? `M${place} ${top}v${height}` : `M${left} ${SIDE - place}h${width}`;
    }
    svg.querySelector(".grid").setAttribute("d", grid);
    for (const odd of plot.querySelectorAll(".odd")) {
      odd.hidden = !inside(Number(odd.dataset.at));
      odd.style.left = `${100 * share(Number(odd.dataset.at), seen)}%`;
    }
    point(at);
  }

  function point(step) {
    at = step;
    cursor.hidden = step === null || !inside(step);
    if (step === null) { readout.textContent = ""; return; }
    cursor.style.left = `${100 * share(step, seen)}%`;
    const parts = [];
    let told = "";
    for (const curve of curves) {
      const place = curve.steps.indexOf(step);
      if (place >= 0) { told = curve.told[place]; parts.push(`${curve.label} ${curve.texts[place]}`); }
    }
    readout.textContent = `${told}: ${parts.join(" · ")}`;
  }

  const nearest = (value) => steps.filter(inside).reduce((best, step) =>
    best === null || Math.abs(step - value) < Math.abs(best - value) ? step : best, null);
  const valueAt = (event) => {
    const box = svg.getBoundingClientRect();
    return seen[0] + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (seen[1] - seen[0]);
  };
  function zoom(low, high) {
    const least = (whole.x[1] - whole.x[0]) / 1e4;
    if (high - low < least) return;
    low = Math.max(low, whole.x[0]); high = Math.min(high, whole.x[1]);
    seen = low === whole.x[0] && high === whole.x[1] ? whole.x : [low, high];
    draw();
  }
  function scale(factor) {
    const middle = at !== null && inside(at) ? at : (seen[0] + seen[1]) / 2;
    zoom(middle - (middle - seen[0]) * factor, middle + (seen[1] - middle) * factor);
  }
  function move(by) {
    const width = seen[1] - seen[0], low = Math.min(Math.max(seen[0] + by * width, whole.x[0]), whole.x[1] - width);
    zoom(low, low + width);
  }
  function walk(by) {
    if (!steps.length) return;
    const place = at === null ? (by > 0 ? steps.findIndex(inside) - 1 : steps.findLastIndex(inside) + 1) : steps.indexOf(at);
    const next = steps[Math.min(steps.length - 1, Math.max(0, place + by))], width = seen[1] - seen[0];
    // What lies outside comes into the middle.
    if (!inside(next)) move((next - seen[0]) / width - 0.5);
    point(next);
  }

  const acts = { "+": () => scale(0.5), "=": () => scale(0.5), "-": () => scale(2), "0": () => zoom(...whole.x),
    ArrowLeft: (e) => (e.shiftKey ? move(-0.25) : walk(-1)), ArrowRight: (e) => (e.shiftKey ? move(0.25) : walk(1)),
    Home: () => point(nearest(seen[0])), End: () => point(nearest(seen[1])), Escape: () => point(null) };
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !acts[event.key]) return;
    acts[event.key](event);
    event.preventDefault();
  });
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = valueAt(event);
    if (event.pointerType === "mouse") plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => {
    const value = valueAt(event);
    point(nearest(value));
    chosen.hidden = from === null;
    if (from === null) return;
    chosen.style.left = `${100 * share(Math.min(from, value), seen)}%`;
    chosen.style.width = `${100 * Math.abs(share(value, seen) - share(from, seen))}%`;
  });
  plot.addEventListener("pointerup", (event) => {
    const value = valueAt(event), start = from;
    from = null; chosen.hidden = true;
    if (start !== null && Math.abs(share(value, seen) - share(start, seen)) > 0.02) zoom(Math.min(start, value), Math.max(start, value));
  });
  plot.addEventListener("pointercancel", () => { from = null; chosen.hidden = true; });
  plot.addEventListener("dblclick", () => zoom(...whole.x));

  const tools = document.createElement("p");
  tools.className = "tools";
  for (const [text, name, act] of [["+", "Zoom in", () => scale(0.5)], ["−", "Zoom out", () => scale(2)],
    ["‹", "To the left", () => move(-0.25)], ["›", "To the right", () => move(0.25)], ["all", "Show all", () => zoom(...whole.x)]]) {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = text; button.setAttribute("aria-label", name);
    button.addEventListener("click", act);
    tools.append(button);
  }
  plot.after(tools);
}
// On paper, all that is folded is open.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.dataset.was = each.open; each.open = true; }));
addEventListener("afterprint", () => document.querySelectorAll("details").forEach((each) => { each.open = each.dataset.was === "true"; }));
