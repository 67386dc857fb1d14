"use strict";
/* What an annotator sees and says. The server decides which question is shown and on which side each item stands. */
(() => {
  const element = (id) => document.getElementById(id);
  /* Milliseconds: how often is looked for new questions, how long until a request that failed is made again, how long an
     answer shows before the next question, and how soon after a question appears it can be answered. */
  const POLL = 3000, AGAIN = 1500, SHOWN = 160, SETTLE = 250;
  /* How often a question that is looked at for long is kept from being given to others. */
  const KEEP = 60000;
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  const narrow = matchMedia("(max-width: 40rem)");

  let situation = null, busy = false, ready = 0, timer = 0;
  /* Seconds that this question was looked at, since when it is, and the seconds and answers of this sitting. */
  let looked = 0, since = null, spent = 0, answered = 0;
  const player = Clips.player({ root: element("transport"), play: element("play"), scrub: element("scrub"), speed: element("speed") });

  /* --- What is said ------------------------------------------------------------------------------------------------ */
  const say = (text) => { element("status").textContent = text; };
  const trouble = (text) => { if (element("trouble").textContent !== text) element("trouble").textContent = text; };
  const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const duration = (seconds) => {
    const whole = Math.floor(seconds);
    const pad = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return (hours > 0 ? hours + ":" + pad(minutes) : minutes) + ":" + pad(whole % 60);
  };
  const question = () => situation && situation.question;
  const isStacked = () => document.body.classList.contains("stacked") && narrow.matches;
  /* What an item is called where it stands. */
  const nameOf = (index, count) => {
    if (count === 1) return "";
    if (count > 2) return "Number " + (index + 1);
    return (isStacked() ? ["Upper", "Lower"] : ["Left", "Right"])[index];
  };
  const SAID = { equal: "equally good", "cannot-tell": "cannot tell", skip: "skipped" };

  /* --- Asking the server ------------------------------------------------------------------------------------------- */
  /* Makes a request until it is answered: an answer given while the network is away is kept and sent when it is back. */
  const ask = async (method, path, body) => {
    for (;;) {
      let answer;
      try {
        answer = await fetch(path, {
          method,
          headers: { "Content-Type": "application/json", "X-Rewardlab": "label" },
          body: body === undefined ? undefined : JSON.stringify(body),
          credentials: "same-origin",
        });
      } catch {
        trouble("The server does not answer. What you said is kept and sent as soon as it does.");
        await wait(AGAIN);
        continue;
      }
      if (answer.status === 429 || answer.status === 503) {
        trouble("That was quicker than the server takes; going on in a moment.");
        await wait(Math.max(Number(answer.headers.get("Retry-After")) * 1000, AGAIN / 3));
        continue;
      }
      trouble("");
      let read = null;
      try { read = await answer.json(); } catch { read = { error: "the server said something else than expected (" + answer.status + ")" }; }
      return { status: answer.status, body: read };
    }
  };

  /* One request at a time, so that no key is answered twice. */
  const act = async (method, path, body) => {
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    try {
      const { status, body: answer } = await ask(method, path, body);
      if (status === 401) return signIn(answer);
      if (status >= 400) { trouble(answer.error); timer = setTimeout(look, AGAIN); return; }
      show(answer);
    } finally { busy = false; enable(); }
  };
  const look = () => act("POST", "api/next", {});

  /* --- Who answers ------------------------------------------------------------------------------------------------- */
  const signIn = (session) => {
    situation = null;
    hideAll();
    const withToken = session.sign_in === "token";
    element("sign-in-title").textContent = withToken ? "Your token, please" : "What is your name?";
    element("sign-in-about").textContent = withToken
      ? "Whoever invited you gave you a token or a link with one. It is asked for once on this device."
      : "Your answers are kept under this name. It is asked for once in this browser.";
    element("sign-in-label").textContent = withToken ? "Token" : "Name";
    const value = element("sign-in-value");
    value.type = withToken ? "password" : "text";
    value.maxLength = withToken ? 200 : 60;
    element("sign-in").hidden = false;
    value.focus();
  };
  const enter = async (credentials) => {
    const { status, body } = await ask("POST", "api/session", credentials);
    if (status === 200) { element("sign-in").hidden = true; trouble(""); return look(); }
    trouble(body.error);
    if (element("sign-in").hidden) return begin();
    element("sign-in-value").select();
  };
  element("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    const value = element("sign-in-value").value.trim();
    if (value) enter(element("sign-in-value").type === "password" ? { token: value } : { name: value });
  });
  element("leave").addEventListener("click", async () => {
    await ask("DELETE", "api/session");
    spent = 0;
    answered = 0;
    element("last").textContent = "";
    element("instructions").open = true;
    element("sign-in-value").value = "";
    clearTimeout(timer);
    begin();
  });
  const begin = async () => {
    const { body } = await ask("GET", "api/session");
    return body.annotator ? look() : signIn(body);
  };

  /* --- Showing ----------------------------------------------------------------------------------------------------- */
  const hideAll = () => {
    for (const id of ["sign-in", "notice", "comparison", "footer", "who", "figures"]) element(id).hidden = true;
    player.unload();
  };

  const showFigures = ({ progress, accuracy }) => {
    element("progress").max = Math.max(progress.questions, 1);
    element("progress").value = progress.answered;
    element("answered").textContent = progress.answered + " of " + progress.questions;
    element("mine").textContent = progress.own;
    element("accuracy-figure").hidden = accuracy === null;
    element("accuracy").textContent = accuracy === null ? "" : Math.round(accuracy * 100) + "% of the time";
    element("figures").hidden = false;
  };

  /* Seconds that the question was looked at: those in which the page was hidden do not count. */
  const lookedFor = () => looked + (since === null ? 0 : (performance.now() - since) / 1000);
  const showTime = () => { if (situation) element("time").textContent = duration(spent + (question() ? lookedFor() : 0)); };
  setInterval(showTime, 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { looked = lookedFor(); since = null; }
    else if (question()) since = performance.now();
  });

  const show = (next) => {
    const before = question() && question().lease;
    situation = next;
    element("sign-in").hidden = true;
    element("title").textContent = next.title;
    document.title = (next.question ? "" : "Waiting: ") + next.title;
    element("annotator").textContent = next.annotator;
    element("who").hidden = false;
    showFigures(next);
    if (!next.question) showNotice(next);
    else if (next.question.lease !== before) showQuestion(next);
    timer = setTimeout(look, next.question ? KEEP : POLL);
    showTime();
  };

  const NOTICES = {
    waiting: ["Nothing to compare right now", "New comparisons appear here by themselves; this page can stay open."],
    others: ["Nothing left for you right now", "What is not yet answered is with other annotators, or was skipped by you. What comes back appears here by itself."],
    done: ["All comparisons are answered", "Thank you. This page can be closed."],
  };
  const showNotice = (next) => {
    const [title, text] = NOTICES[next.state];
    const training = next.state === "waiting" && next.steps !== null ? "Training goes on: " + next.steps.toLocaleString("en") + " steps so far. " : "";
    const about = training + text + (next.note ? " " + next.note : "");
    player.unload();
    element("comparison").hidden = true;
    element("footer").hidden = true;
    element("notice").hidden = false;
    element("notice-text").textContent = about;
    if (element("notice-title").textContent === title) return;
    element("notice-title").textContent = title;
    say(title + ". " + about);
  };

  const PROMPTS = { comparison: "Which is better?", best: "Which is best?", rating: "How good is it?", critique: "What is to be said about it?" };
  const showQuestion = (next) => {
    const { kind, items, prompt } = next.question;
    element("notice").hidden = true;
    element("notice-title").textContent = "";
    element("asked").textContent = prompt || PROMPTS[kind];
    element("instructions").hidden = !next.instructions;
    element("instructions-text").textContent = next.instructions;
    const isWide = items.some((item) => item.kind !== "clip" || item.width > 1.25 * item.height);
    document.body.classList.toggle("stacked", isWide);
    element("items").className = "items " + (items.length === 1 ? "one" : items.length === 2 ? "two" : "many");
    const texts = showTexts(items), opened = [];
    element("items").replaceChildren(...items.map((item, index) => figure(item, index, texts, opened)));
    nameItems();
    showControls(next.question);
    element("transport").hidden = opened.length === 0;
    element("footer").hidden = false;
    element("comparison").hidden = false;
    player.unload();
    if (opened.length > 0) player.load(opened);
    looked = 0;
    since = document.hidden ? null : performance.now();
    ready = performance.now() + SETTLE;
    const words = items.map((item, index) => nameOf(index, items.length) + (items.length > 1 ? ": " : "") + (item.kind === "clip" ? Clips.describe(item) : "a text."));
    say("Number " + (next.progress.own + 1) + ". " + element("asked").textContent + " " + words.join(" "));
  };

  const figure = (item, index, texts, opened) => {
    const made = document.createElement("figure"), place = document.createElement("div"), described = document.createElement("p");
    place.className = "item";
    described.className = "hidden";
    made.append(document.createElement("figcaption"), place, described);
    if (item.kind === "clip") {
      opened.push(Clips.open(item, place, ""));
      described.textContent = Clips.describe(item);
    } else place.append(texts[index]);
    if (question().kind === "best") {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "strong";
      button.append("This is the best");
      if (index < 9) { const key = document.createElement("kbd"); key.textContent = index + 1; button.append(" ", key); }
      button.addEventListener("click", () => answer({ said: "best", item: item.position }, nameOf(index, texts.length), index));
      made.append(button);
    }
    return made;
  };

  const nameItems = () => {
    const figures = [...document.querySelectorAll("#items figure")];
    figures.forEach((figure, index) => {
      const name = nameOf(index, figures.length);
      figure.querySelector("figcaption").textContent = name;
      figure.querySelector("svg")?.setAttribute("aria-label", (name + " clip").trim());
      figure.querySelector(".text")?.setAttribute("aria-label", (name + " text").trim());
    });
    const arrows = isStacked() ? ["↑", "↓"] : ["←", "→"];
    ["first", "second"].forEach((id, index) => {
      const button = document.querySelector('.answers [data-answer="' + id + '"]');
      button.querySelector("span").textContent = nameOf(index, 2) + " is better";
      button.querySelector("kbd").textContent = arrows[index];
    });
  };
  narrow.addEventListener("change", () => { if (question()) nameItems(); });

  /* What a question of this kind is answered with. */
  const showControls = ({ kind, scale }) => {
    for (const said of ["first", "equal", "second"]) document.querySelector('.answers [data-answer="' + said + '"]').hidden = kind !== "comparison";
    element("rating").hidden = kind !== "rating";
    element("critique").hidden = kind !== "critique";
    element("critique-words").value = "";
    if (kind !== "rating") return;
    const value = element("rating-value");
    value.value = "";
    value.min = scale.low;
    value.max = scale.high;
    value.step = scale.step ?? "any";
    document.querySelector('label[for="rating-value"]').textContent = "From " + scale.low + " (worst) to " + scale.high + " (best)";
    const marks = scale.step === null ? [] : Array.from({ length: Math.min(12, Math.floor((scale.high - scale.low) / scale.step + 1e-9) + 1) }, (_, index) => +(scale.low + index * scale.step).toPrecision(12));
    const all = marks.length > 0 && marks.length <= 11;
    value.hidden = all;
    value.disabled = all;
    element("rating").querySelector("[type=submit]").hidden = all;
    element("rating").querySelector(".marks").replaceChildren(...(all ? marks : []).map((mark) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = mark;
      button.addEventListener("click", () => answer({ said: "rating", rating: mark }, "rated " + mark));
      return button;
    }));
  };
  element("rating").addEventListener("submit", (event) => {
    event.preventDefault();
    const rating = Number(element("rating-value").value);
    answer({ said: "rating", rating }, "rated " + rating);
  });
  element("critique").addEventListener("submit", (event) => {
    event.preventDefault();
    const words = element("critique-words").value.trim();
    if (words) answer({ said: "critique", words }, "a critique");
  });

  /* What all texts begin with is shown once: up to the last paragraph that is the same in all. */
  const sharedLength = (texts) => {
    const [one, ...others] = texts;
    const least = Math.min(...texts.map((text) => text.length));
    let length = 0;
    while (length < least && others.every((other) => other[length] === one[length])) length += 1;
    const end = one.lastIndexOf("\n\n", Math.min(length, least - 1) - 1);
    return end < 0 ? 0 : end;
  };
  const fill = (place, text) => {
    place.replaceChildren();
    for (const part of text.split(/^((?:Human|Assistant|User|System):)/m)) {
      if (/^(Human|Assistant|User|System):$/.test(part)) {
        const speaker = document.createElement("span");
        speaker.className = "speaker";
        speaker.textContent = part;
        place.append(speaker);
      } else place.append(part);
    }
  };
  const showTexts = (items) => {
    const areTexts = items.length > 1 && items.every((item) => item.kind === "text");
    const shared = areTexts ? sharedLength(items.map((item) => item.text)) : 0;
    element("shared").hidden = shared === 0;
    fill(element("shared-text"), shared > 0 ? items[0].text.slice(0, shared).trim() : "");
    return items.map((item) => {
      const place = document.createElement("div");
      place.className = "text";
      place.tabIndex = 0;
      place.setAttribute("role", "region");
      if (item.kind === "text") fill(place, item.text.slice(shared).replace(/^\n+/, ""));
      return place;
    });
  };

  /* --- Answering --------------------------------------------------------------------------------------------------- */
  const enable = () => {
    const canUndo = situation !== null && (situation.progress.own > 0 || answered > 0);
    for (const button of document.querySelectorAll('[data-answer="undo"]')) {
      button.disabled = !canUndo;
      if (button.closest("#notice")) button.hidden = !canUndo;
    }
  };

  /* Sends what is said; `name` is how the page repeats it, `index` the item that is marked. */
  const answer = async (said, name, index) => {
    if (busy || !question() || performance.now() < ready) return;
    const body = { ...said, lease: question().lease, seconds: lookedFor() };
    spent += body.seconds;
    looked = 0;
    since = null;
    // Instructions were read by now; who wants them again opens them again, and they stay as they are left.
    if (answered === 0) element("instructions").open = false;
    answered += 1;
    element("last").textContent = "Your last answer: " + name + ".";
    document.querySelectorAll("#items figure").forEach((figure, at) => figure.classList.toggle("chosen", index === at || said.said === "equal"));
    if (!reduced.matches) { busy = true; await wait(SHOWN); busy = false; }
    return act("POST", "api/answer", body);
  };
  const undo = () => {
    if (busy || !situation) return;
    element("last").textContent = "Taken back.";
    return act("POST", "api/undo", {});
  };
  const press = (said) => {
    if (said === "undo") return undo();
    if (!question() || (question().kind !== "comparison" && ["first", "equal", "second"].includes(said))) return;
    const index = ["first", "second"].indexOf(said);
    if (index < 0) return answer({ said }, SAID[said]);
    const name = nameOf(index, 2).toLowerCase() + " is better";
    return answer({ said: "better", item: question().items[index].position }, name, index);
  };

  for (const button of document.querySelectorAll("[data-answer]")) button.addEventListener("click", () => press(button.dataset.answer));
  const keys = {
    ArrowLeft: "first", ArrowUp: "first", ArrowRight: "second", ArrowDown: "second",
    "=": "equal", "?": "cannot-tell", s: "skip", S: "skip", u: "undo", U: "undo",
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !situation) return;
    const target = event.target;
    if (["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName) && target.type !== "checkbox") return;
    if (!element("shortcuts").checked) return;
    // Up and down belong to a text that is being scrolled, and to a page that is higher than the window.
    if (["ArrowUp", "ArrowDown"].includes(event.key) && (!isStacked() || target.closest(".text"))) return;
    if (event.key === " " && ["BUTTON", "SUMMARY", "INPUT"].includes(target.tagName)) return;
    if (event.key === " " && question()) { event.preventDefault(); player.toggle(); }
    if (/^[1-9]$/.test(event.key) && question()) document.querySelectorAll("#items figure button")[event.key - 1]?.click();
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    press(keys[event.key]);
  });
  try {
    element("shortcuts").checked = localStorage.getItem("rewardlab-keys") !== "off";
    element("shortcuts").addEventListener("change", () => localStorage.setItem("rewardlab-keys", element("shortcuts").checked ? "on" : "off"));
  } catch { /* a browser that keeps nothing asks for nothing */ }

  /* A link may carry the token behind its #, which no server and no log sees; it does not stay in the address. */
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) { history.replaceState(null, "", location.pathname); enter({ token }); } else begin();
})();
