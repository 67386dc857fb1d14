"use strict";
/* Clips: drawn as SVG, looped on one clock, and put into words for those who do not see them. */
const Clips = (() => {
  const INKS = ["agent", "good", "bad", "goal", "target", "wall", "ground", "water", "path", "muted", "text"];
  const AGENT = 0, POLYGON = 0, LINE = 1, CIRCLE = 2, TEXT = 3;
  /* Seconds that the last pictures stay before both begin again. */
  const HOLD = 0.7;
  const SVG = "http://www.w3.org/2000/svg";

  const make = (name, attributes, parent) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    parent.append(made);
    return made;
  };

  /* A shape is [kind, ink, …]: 0 polygon, 1 line with its width, 2 circle with its radius, 3 text with its size. */
  const pointsOf = (shape) => {
    const flat = shape.slice(shape[0] === POLYGON ? 2 : 3, shape[0] === TEXT ? 5 : undefined);
    const points = [];
    for (let index = 0; index + 1 < flat.length; index += 2) points.push([flat[index], flat[index + 1]]);
    return points;
  };

  const paint = (shape, layer) => {
    const ink = INKS[shape[1]] ?? "text";
    const points = pointsOf(shape);
    if (shape[0] === POLYGON) make("polygon", { class: "fill-" + ink, points: points.join(" ") }, layer);
    else if (shape[0] === LINE) make("polyline", { class: "stroke-" + ink, "stroke-width": shape[2], points: points.join(" ") }, layer);
    else if (shape[0] === CIRCLE) make("circle", { class: "fill-" + ink, r: shape[2], cx: points[0][0], cy: points[0][1] }, layer);
    else make("text", { class: "fill-" + ink, "font-size": shape[2], x: points[0][0], y: points[0][1] }, layer).textContent = shape[5];
  };

  /* Puts a clip into `place`, and gives what draws its moments. */
  const open = (clip, place, name) => {
    const svg = make("svg", { class: "scene", viewBox: "0 0 " + clip.width + " " + clip.height, role: "img", "aria-label": name }, place);
    const background = make("g", {}, svg);
    for (const shape of clip.background) paint(shape, background);
    const layer = make("g", { class: "frame" }, svg);
    const last = clip.frames.length - 1;
    let drawn = -1;
    return {
      svg,
      duration: clip.frames.length * clip.seconds,
      draw: (seconds) => {
        const index = Math.max(0, Math.min(last, Math.floor(seconds / clip.seconds + 1e-6)));
        if (index === drawn) return;
        drawn = index;
        layer.replaceChildren();
        for (const number of clip.frames[index] ?? []) paint(clip.shapes[number], layer);
      },
    };
  };

  /* Plays clips on one clock, over and over; `controls` are the elements that steer it. */
  const player = (controls) => {
    const { root, play, scrub, speed } = controls;
    let clips = [], length = 1, position = 0, playing = false, before = 0;
    /* The moments of the slider. */
    const STEPS = 100;

    const show = (seconds) => {
      position = seconds;
      const at = Math.min(position, length);
      scrub.value = Math.round(at / length * STEPS);
      scrub.setAttribute("aria-valuetext", at.toFixed(1) + " of " + length.toFixed(1) + " seconds");
      for (const clip of clips) clip.draw(at);
    };
    const mark = () => {
      root.classList.toggle("playing", playing);
      play.querySelector("span").textContent = playing ? "Pause" : "Play";
    };
    const tick = (now) => {
      if (!playing || clips.length === 0) return;
      const passed = Math.min(now - before, 250) / 1000 * Number(speed.value);
      before = now;
      const next = position + passed;
      show(next > length + HOLD ? 0 : next);
      requestAnimationFrame(tick);
    };
    const run = () => {
      if (!playing || clips.length === 0) return;
      before = performance.now();
      requestAnimationFrame(tick);
    };
    const pause = () => { playing = false; mark(); };
    const toggle = () => { playing = !playing; mark(); run(); };

    scrub.max = STEPS;
    play.addEventListener("click", toggle);
    scrub.addEventListener("input", () => { pause(); show(Number(scrub.value) / STEPS * length); });
    playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    mark();
    return {
      toggle,
      load: (opened) => {
        const idle = clips.length === 0;
        clips = opened;
        length = Math.max(0.001, ...clips.map((clip) => clip.duration));
        for (const clip of clips) clip.svg.addEventListener("click", toggle);
        show(0);
        if (idle) run();
      },
      unload: () => { clips = []; },
    };
  };

  /* The middle of what acts in a frame, or of everything that moves where nothing acts. */
  const middle = (clip, frame) => {
    const shapes = frame.map((number) => clip.shapes[number]).filter((shape) => shape[0] !== TEXT);
    const acting = shapes.filter((shape) => shape[1] === AGENT);
    const points = (acting.length > 0 ? acting : shapes).flatMap(pointsOf);
    if (points.length === 0) return null;
    const sum = points.reduce(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
    return [sum[0] / points.length / clip.width, 1 - sum[1] / points.length / clip.height];
  };

  const place = ([x, y]) => {
    const across = x < 1 / 3 ? "left" : x < 2 / 3 ? "middle" : "right";
    const up = y < 1 / 3 ? "lower" : y < 2 / 3 ? "" : "upper";
    return (up + " " + across).trim();
  };

  /* How far what acts turns, in degrees counterclockwise: of the first side of its first polygon or line. */
  const turned = (clip) => {
    let total = 0, before = null;
    for (const frame of clip.frames) {
      const side = frame.map((number) => clip.shapes[number]).find((shape) => shape[1] === AGENT && shape[0] <= LINE);
      const points = side ? pointsOf(side) : [];
      if (points.length < 2) return 0;
      const angle = Math.atan2(points[0][1] - points[1][1], points[1][0] - points[0][0]);
      if (before !== null) total += Math.atan2(Math.sin(angle - before), Math.cos(angle - before));
      before = angle;
    }
    return total * 180 / Math.PI;
  };

  const percent = (share) => Math.round(Math.abs(share) * 100) + "%";

  /* A clip in words. */
  const describe = (clip) => {
    const seconds = (clip.frames.length * clip.seconds).toFixed(1);
    const opening = (clip.description ? clip.description + " " : "") + clip.frames.length + " pictures in " + seconds + " seconds.";
    const way = clip.frames.map((frame) => middle(clip, frame)).filter((point) => point !== null);
    if (way.length === 0) return opening + " Nothing is drawn that moves.";
    const [from, to] = [way[0], way[way.length - 1]];
    const highest = Math.max(...way.map((point) => point[1])), lowest = Math.min(...way.map((point) => point[1]));
    const across = to[0] - from[0];
    const said = ["It begins " + place(from) + " and ends " + place(to)];
    said.push(Math.abs(across) < 0.02 ? "it stays where it is across" : "it moves " + percent(across) + " of the width to the " + (across > 0 ? "right" : "left"));
    if (highest - from[1] >= 0.02) said.push("it rises " + percent(highest - from[1]) + " of the height at most");
    if (from[1] - lowest >= 0.02) said.push("it sinks " + percent(from[1] - lowest) + " of the height at most");
    const degrees = turned(clip);
    if (Math.abs(degrees) >= 30) said.push("it turns " + Math.round(Math.abs(degrees)) + " degrees " + (degrees > 0 ? "counterclockwise" : "clockwise"));
    return opening + " " + said.join("; ") + ".";
  };

  return { open, player, describe };
})();
