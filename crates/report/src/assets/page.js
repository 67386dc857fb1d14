// The pointer over the curves, the player, and the copy button. Everything else in the page stands without this.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const INKS = ["agent", "good", "bad", "goal", "target", "wall", "ground", "water", "path", "muted", "text"];
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const parse = (element) => JSON.parse(element.textContent);
  document.documentElement.classList.add("scripted");

  const make = (name, attributes, parent) => {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    parent.appendChild(element);
    return element;
  };

  /* Values under the pointer: the nearest checkpoint, by mouse, finger or arrow keys. */
  const watchCurves = (figure) => {
    const probes = parse(figure.querySelector(".probes"));
    const plot = figure.querySelector(".plot");
    const tip = plot.querySelector(".tip");
    let stop = probes.stops.length - 1;

    const drawing = () => {
      const wide = plot.querySelector("svg.wide");
      const shown = wide.getClientRects().length ? "wide" : "narrow";
      return { svg: plot.querySelector("svg." + shown), layout: probes.layouts[shown] };
    };
    const hide = () => {
      tip.hidden = true;
      for (const probe of plot.querySelectorAll(".probe")) probe.setAttribute("hidden", "");
    };
    const tell = (row, parent) => {
      const [style, name, mean, interval] = row;
      const part = (element, text, className) => {
        const added = parent.appendChild(document.createElement(element));
        added.textContent = text;
        added.className = className;
      };
      part("span", name, style);
      part("b", mean, "");
      part("small", interval, "");
    };
    const fill = () => {
      tip.textContent = "";
      tip.appendChild(document.createElement("p")).textContent = probes.stops[stop];
      const rows = tip.appendChild(document.createElement("div"));
      probes.rows[stop].forEach((row) => tell(row, rows));
      if (!probes.remarks[stop]) return;
      const remark = tip.appendChild(document.createElement("p"));
      remark.className = "remark";
      remark.textContent = probes.remarks[stop];
    };
    const place = (svg, layout, y) => {
      const scale = svg.getBoundingClientRect().width / layout.width;
      const at = layout.x[stop] * scale;
      const width = tip.offsetWidth, room = plot.clientWidth;
      const right = at + 16 + width <= room;
      tip.style.left = clamp(right ? at + 16 : at - 16 - width, 0, Math.max(0, room - width)) + "px";
      tip.style.top = clamp(y - tip.offsetHeight - 14, -8, Math.max(0, plot.clientHeight - tip.offsetHeight)) + "px";
    };
    const show = (index, y) => {
      stop = clamp(index, 0, probes.stops.length - 1);
      const { svg, layout } = drawing();
      const probe = svg.querySelector(".probe");
      probe.removeAttribute("hidden");
      const line = probe.querySelector("line");
      line.setAttribute("x1", layout.x[stop]);
      line.setAttribute("x2", layout.x[stop]);
      probe.querySelectorAll("circle").forEach((dot, index) => {
        const height = layout.dots[index][stop];
        dot.style.display = height === null ? "none" : "";
        if (height === null) return;
        dot.setAttribute("cx", layout.x[stop]);
        dot.setAttribute("cy", height);
      });
      fill();
      tip.hidden = false;
      place(svg, layout, y);
      plot.setAttribute("aria-valuenow", stop);
      plot.setAttribute("aria-valuetext", [probes.stops[stop], ...probes.rows[stop].map((row) => (row[1] + " " + row[2]).trim())].join("; "));
    };
    const nearest = (event) => {
      const { svg, layout } = drawing();
      const box = svg.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * layout.width;
      let best = 0;
      layout.x.forEach((at, index) => { if (Math.abs(at - x) < Math.abs(layout.x[best] - x)) best = index; });
      show(best, event.clientY - box.top);
    };
    const middle = () => plot.clientHeight / 2;
    const keys = {
      ArrowRight: () => stop + 1, ArrowUp: () => stop + 1, ArrowLeft: () => stop - 1, ArrowDown: () => stop - 1,
      PageUp: () => stop + 10, PageDown: () => stop - 10, Home: () => 0, End: () => probes.stops.length - 1,
    };
    plot.addEventListener("pointermove", nearest);
    plot.addEventListener("pointerdown", nearest);
    plot.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
    plot.addEventListener("focus", () => { if (plot.matches(":focus-visible")) show(stop, middle()); });
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hide();
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      show(keys[event.key](), middle());
    });
    document.addEventListener("pointerdown", (event) => { if (!plot.contains(event.target)) hide(); });
    window.addEventListener("resize", hide);
  };

  /* One clip: draws the picture of a frame. */
  const openClip = (figure) => {
    const data = parse(figure.querySelector(".clip-data"));
    const layer = figure.querySelector(".frame");
    const trail = figure.querySelector(".trail");
    const parts = {
      proxy: figure.querySelector(".running-proxy"), intent: figure.querySelector(".running-intent"),
      step: figure.querySelector(".step"), end: figure.querySelector(".end"),
    };
    const heads = figure.querySelectorAll(".playhead");
    const last = data.frames.length - 1;
    const pairs = (shape, from) => {
      let text = "";
      for (let index = from; index < shape.length; index += 2) text += shape[index] + "," + shape[index + 1] + " ";
      return text;
    };
    const paint = (shape) => {
      const ink = INKS[shape[1]];
      if (shape[0] === 0) make("polygon", { class: "fill-" + ink, points: pairs(shape, 2) }, layer);
      else if (shape[0] === 1) make("polyline", { class: "stroke-" + ink, "stroke-width": shape[2], points: pairs(shape, 3) }, layer);
      else if (shape[0] === 2) make("circle", { class: "fill-" + ink, r: shape[2], cx: shape[3], cy: shape[4] }, layer);
      else make("text", { class: "fill-" + ink, "font-size": shape[2], x: shape[3], y: shape[4] }, layer).textContent = shape[5];
    };
    // The trail up to each frame, written once: a frame shows a prefix of it.
    let path = "";
    let before = null;
    const lengths = data.trail.map((point) => {
      if (point) {
        const near = before && Math.hypot(point[0] - before[0], point[1] - before[1]) <= data.jump;
        path += (near ? "L" : "M") + point[0] + " " + point[1];
      }
      before = point;
      return path.length;
    });
    const draw = (index) => {
      const at = Math.min(index, last);
      layer.textContent = "";
      for (const number of data.frames[at]) paint(data.shapes[number]);
      trail.setAttribute("d", path.slice(0, lengths[at]));
      parts.proxy.textContent = data.proxy[at];
      if (parts.intent) parts.intent.textContent = data.intent[at] ?? "–";
      parts.step.textContent = data.steps[at];
      parts.end.textContent = at === last && data.end ? " · " + data.end : "";
      for (const head of heads) {
        const x = last ? at / last * 320 : 320;
        head.setAttribute("x1", x);
        head.setAttribute("x2", x);
      }
    };
    const stride = last ? data.steps[last] / last : 1;
    return { draw, last, seconds: data.seconds * stride };
  };

  /* Both clips on one clock. */
  const openPlayer = (player) => {
    const clips = [...player.querySelectorAll(".clip")].map(openClip);
    const find = (selector) => player.querySelector(selector);
    const scrub = find(".scrub"), play = find(".play"), speed = find(".speed select");
    const last = Math.max(...clips.map((clip) => clip.last));
    const seconds = Math.max(...clips.map((clip) => clip.seconds));
    let position = last, drawn = -1, playing = false, before = 0;

    const show = (value) => {
      position = clamp(value, 0, last);
      const frame = Math.floor(position + 1e-6);
      if (frame === drawn) return;
      drawn = frame;
      scrub.value = frame;
      scrub.setAttribute("aria-valuetext", "frame " + frame + " of " + last);
      clips.forEach((clip) => clip.draw(frame));
    };
    const mark = () => {
      player.classList.toggle("playing", playing);
      play.setAttribute("aria-label", playing ? "Pause" : "Play");
      play.querySelector("span").textContent = playing ? "Pause" : "Play";
    };
    const tick = (now) => {
      if (!playing) return;
      const passed = Math.min(now - before, 250) / 1000;
      before = now;
      show(position + passed / seconds * Number(speed.value));
      if (position >= last) pause(); else requestAnimationFrame(tick);
    };
    const pause = () => { playing = false; mark(); };
    const start = () => {
      if (position >= last) show(0);
      playing = true;
      mark();
      before = performance.now();
      requestAnimationFrame(tick);
    };
    const toggle = () => playing ? pause() : start();
    const step = (frames) => { pause(); show(Math.floor(position + 1e-6) + frames); };

    play.addEventListener("click", toggle);
    find(".start").addEventListener("click", () => { pause(); show(0); });
    find(".back").addEventListener("click", () => step(-1));
    find(".forward").addEventListener("click", () => step(1));
    player.querySelectorAll(".scene").forEach((scene) => scene.addEventListener("click", toggle));
    scrub.addEventListener("input", () => { pause(); show(Number(scrub.value)); });
    player.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target.tagName;
      if (event.key === " " && target !== "BUTTON" && target !== "SELECT") { event.preventDefault(); toggle(); }
      if (target === "SELECT" || target === "INPUT") return;
      if (event.key === "ArrowLeft") { event.preventDefault(); step(-1); }
      if (event.key === "ArrowRight") { event.preventDefault(); step(1); }
      if (event.key === "Home") { event.preventDefault(); pause(); show(0); }
      if (event.key === "End") { event.preventDefault(); pause(); show(last); }
    });
    show(last);
  };

  /* Copies a command; where the clipboard is closed to files, selects it instead. */
  const openCopy = (button) => {
    const code = button.parentElement.querySelector("code");
    const say = (text) => {
      button.textContent = text;
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    };
    const select = () => {
      const range = document.createRange();
      range.selectNodeContents(code);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      let copied = false;
      try { copied = document.execCommand("copy"); } catch { /* the selection remains to be copied by hand */ }
      say(copied ? "Copied" : "Selected");
    };
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => {
      if (!navigator.clipboard) return select();
      navigator.clipboard.writeText(code.textContent).then(() => say("Copied"), select);
    });
  };

  document.querySelectorAll("figure.curves").forEach(watchCurves);
  document.querySelectorAll(".player").forEach(openPlayer);
  document.querySelectorAll(".copy").forEach(openCopy);
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
})();
