// Opens pages in a real browser and uses them: node check.mjs GAMED.html [HOSTILE.html] [COMPARE.html]
// Exits 1 with a line for each thing that did not hold. docs/report.md says how to run it.
// Needs playwright-core (found through NODE_PATH) and a Chromium: the one at $CHROMIUM, else /usr/bin/chromium.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const [main, hostile, comparison] = process.argv.slice(2);
if (!main) {
  console.error("no page named; give the path of a report.html");
  process.exit(2);
}

const faults = [];
let held = 0;
const expect = (truth, text) => { if (truth) held += 1; else faults.push(text); };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** Opens a page, and takes every console error, exception, dialog and request for a fault. */
const open = async (path, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const tab = await context.newPage();
  tab.on("console", (message) => { if (["error", "warning"].includes(message.type())) faults.push(`${path}: console: ${message.text()}`); });
  tab.on("pageerror", (error) => faults.push(`${path}: exception: ${error.message}`));
  tab.on("dialog", (dialog) => { faults.push(`${path}: dialog: ${dialog.message()}`); dialog.dismiss(); });
  tab.on("request", (request) => { if (!/^(file|data):/.test(request.url())) faults.push(`${path}: asks for ${request.url()}`); });
  await tab.goto(pathToFileURL(resolve(path)).href);
  return tab;
};

/** The width by which a page is wider than its window. */
const overhang = (tab) => tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

const checkPointer = async (tab) => {
  const plot = tab.locator(".plot");
  await plot.scrollIntoViewIfNeeded();
  const tip = tab.locator(".tip");
  expect(await tip.isHidden(), "the tip is hidden until something points at the curves");
  const box = await plot.boundingBox();
  await tab.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.3);
  expect(await tip.isVisible(), "the pointer shows values");
  const early = await tip.textContent();
  expect(/Proxy.*\d/.test(early), `the tip has the proxy's value: ${early}`);
  await tab.mouse.move(box.x + box.width * 0.85, box.y + box.height * 0.3);
  const late = await tip.textContent();
  expect(early !== late, "the values follow the pointer");
  const inside = await tab.evaluate(() => {
    const tip = document.querySelector(".tip").getBoundingClientRect();
    return tip.left >= 0 && tip.right <= innerWidth;
  });
  expect(inside, "the tip stays inside the window");
  await tab.mouse.move(5, 5);
  expect(await tip.isHidden(), "the tip goes when the pointer leaves");
};

const checkCurveKeys = async (tab) => {
  const plot = tab.locator(".plot");
  await tab.locator("nav a").last().focus();
  await tab.keyboard.press("Tab");
  expect(await plot.evaluate((element) => element === document.activeElement), "Tab reaches the curves");
  expect(await tab.locator(".tip").isVisible(), "focus by keyboard shows values");
  await tab.keyboard.press("Home");
  const first = await plot.getAttribute("aria-valuetext");
  await tab.keyboard.press("ArrowRight");
  const second = await plot.getAttribute("aria-valuetext");
  expect(first !== second, "arrow keys move along the curves and say so");
  expect(await plot.getAttribute("aria-valuenow") === "1", "the slider knows where it is");
  await tab.keyboard.press("Escape");
  expect(await tab.locator(".tip").isHidden(), "Escape hides the values");
};

const frame = (tab) => tab.locator(".scrub").evaluate((scrub) => Number(scrub.value));
const lastFrame = (tab) => tab.locator(".scrub").evaluate((scrub) => Number(scrub.max));
const picture = (tab, index) => tab.locator(".clip .frame").nth(index).innerHTML();

/** Sets the speed at which the longer clip takes about six seconds, and says which. */
const setMiddleSpeed = async (tab) => {
  const seconds = await tab.locator(".clip-data").evaluateAll((clips) => Math.max(...clips.map((clip) => {
    const data = JSON.parse(clip.textContent);
    return data.seconds * data.steps[data.steps.length - 1];
  })));
  const speeds = [0.25, 0.5, 1, 2, 4];
  const chosen = speeds.findLast((speed) => seconds / speed >= 4) ?? speeds[0];
  await tab.locator(".speed select").selectOption(String(chosen));
  return chosen;
};

/** Waits until the frame shown is past another; false after ten seconds. */
const reaches = (tab, past) => tab.waitForFunction((past) => Number(document.querySelector(".scrub").value) > past, past, { timeout: 10000 })
  .then(() => true, () => false);

const checkPlay = async (tab) => {
  expect(await frame(tab) === await lastFrame(tab), "the player waits at the end, with the whole trail drawn");
  await tab.waitForTimeout(300);
  expect(await frame(tab) === await lastFrame(tab), "nothing plays of itself");
  await setMiddleSpeed(tab);
  await tab.locator("button.play").click();
  expect(await frame(tab) < await lastFrame(tab), "play begins at the start again");
  const before = await picture(tab, 0);
  expect(await tab.locator("button.play").getAttribute("aria-label") === "Pause", "the button says what it would do");
  expect(await reaches(tab, await frame(tab) + 1), "play moves on");
  expect(before !== await picture(tab, 0), "the picture moves");
  await tab.locator("button.play").click();
  const paused = await frame(tab);
  await tab.waitForTimeout(300);
  expect(paused === await frame(tab), "pause holds the frame");
};

/** Frames played in a second, as the page's own clock has it. */
const framesPlayed = async (tab, speed) => {
  await tab.locator("button.start").click();
  expect(await frame(tab) === 0, "the first button goes to the start");
  await tab.locator(".speed select").selectOption(String(speed));
  await tab.locator("button.play").click();
  await tab.waitForTimeout(1000);
  const played = await frame(tab);
  await tab.locator("button.start").click();
  return played;
};

const checkSpeed = async (tab) => {
  const middle = await setMiddleSpeed(tab);
  const slow = await framesPlayed(tab, middle);
  const fast = await framesPlayed(tab, middle * 2);
  expect(fast > slow, `twice the speed shows more frames: ${fast} and ${slow}`);
};

const checkScrub = async (tab) => {
  const returns = () => tab.locator(".returns").allTextContents();
  const at = async (value) => {
    await tab.locator(".scrub").evaluate((scrub, value) => { scrub.value = value; scrub.dispatchEvent(new Event("input", { bubbles: true })); }, value);
    return [await picture(tab, 0), (await returns()).join()];
  };
  const half = Math.floor(await lastFrame(tab) / 2);
  const [startPicture, startReturns] = await at(0);
  const [halfPicture, halfReturns] = await at(half);
  expect(startPicture !== halfPicture, "scrubbing changes the picture");
  expect(startReturns !== halfReturns, "scrubbing changes the running returns");
  await tab.locator("button.forward").click();
  expect(await frame(tab) === half + 1, "one frame forward");
  await tab.locator("button.back").click();
  await tab.locator("button.back").click();
  expect(await frame(tab) === half - 1, "one frame back");
};

const checkPlayerKeys = async (tab) => {
  await tab.locator("button.start").click();
  await tab.locator(".scrub").focus();
  await tab.keyboard.press("ArrowRight");
  await tab.keyboard.press("ArrowRight");
  expect(await frame(tab) === 2, "arrow keys step the scrubber");
  await setMiddleSpeed(tab);
  await tab.locator(".scrub").focus();
  await tab.keyboard.press("Space");
  expect(await reaches(tab, 2), "Space plays");
  await tab.keyboard.press("Space");
  const paused = await frame(tab);
  await tab.waitForTimeout(200);
  expect(paused === await frame(tab), "Space pauses");
  await tab.locator("button.forward").focus();
  await tab.keyboard.press("Home");
  await tab.keyboard.press("ArrowRight");
  expect(await frame(tab) === 1, "the keys work on the buttons too");
};

const checkCopy = async (tab) => {
  const button = tab.locator("button.copy").first();
  await button.click();
  await tab.waitForFunction(() => /Copied|Selected/.test(document.querySelector("button.copy").textContent), null, { timeout: 2000 })
    .then(() => { held += 1; }, () => faults.push("the copy button answers"));
};

/** Every colour pair of text in the page, as the least ratio of contrast, by WCAG 2. */
const leastContrast = (tab) => tab.evaluate(() => {
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map((value) => value / 255)
    .map((value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  let least = { ratio: 21 };
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!text || !element.getClientRects().length || element.closest(".scene") || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const front = channels(element.closest("svg") ? style.fill : style.color);
    const [a, b] = [luminance(front), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least.ratio) least = { ratio, what: element.textContent.trim().slice(0, 40) };
  }
  return least;
});

const checkThemes = async (path) => {
  for (const colorScheme of ["light", "dark"]) {
    const tab = await open(path, { colorScheme });
    await tab.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
    const least = await leastContrast(tab);
    expect(least.ratio >= 4.5, `${colorScheme}: contrast of "${least.what}" is ${least.ratio.toFixed(2)}, and 4.5 is the least`);
    await tab.context().close();
  }
};

const checkPhone = async (path) => {
  for (const width of [390, 360]) {
    const tab = await open(path, { viewport: { width, height: 800 }, hasTouch: true, isMobile: true });
    expect(await overhang(tab) <= 0, `${path}: no horizontal scroll at ${width} px (${await overhang(tab)} too wide)`);
    const plot = tab.locator(".plot");
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    await tab.touchscreen.tap(box.x + box.width / 2, box.y + 60);
    expect(await tab.locator(".tip").isVisible(), `${path}: a finger shows values at ${width} px`);
    const tall = await tab.locator("button:visible").evaluateAll((buttons) => buttons.every((button) => button.getBoundingClientRect().height >= 36));
    expect(tall, "buttons are tall enough for a finger");
    await tab.context().close();
  }
};

const checkWithoutScript = async (path) => {
  const tab = await open(path, { javaScriptEnabled: false });
  expect(await tab.locator("h1").isVisible(), "the verdict stands without script");
  expect(await tab.locator("svg.chart .curve").first().isVisible(), "the curves stand without script");
  expect(await tab.locator(".transport").isHidden(), "what needs the script is not offered without it");
  await tab.context().close();
};

const checkMain = async (path) => {
  const tab = await open(path);
  expect(await overhang(tab) <= 0, "no horizontal scroll at 1280 px");
  await checkPointer(tab);
  await checkCurveKeys(tab);
  if (await tab.locator(".player").count()) {
    await checkPlay(tab);
    await checkSpeed(tab);
    await checkScrub(tab);
    await checkPlayerKeys(tab);
  }
  await checkCopy(tab);
  await tab.context().close();
};

await checkMain(main);
await checkThemes(main);
await checkPhone(main);
await checkWithoutScript(main);
if (hostile) {
  const tab = await open(hostile);
  expect((await tab.locator(".eyebrow").textContent()).includes("<script>alert(1)</script>"), "a hostile name is shown as text");
  expect(await tab.locator("body script:not([type])").count() === 1, "a hostile name adds no script");
  expect(await tab.locator("img").count() === 0, "a hostile name adds no element");
  await tab.locator("button.start").click();
  for (let step = 0; step < 4; step += 1) await tab.locator("button.forward").click();
  await tab.context().close();
  await checkPhone(hostile);
}
if (comparison) {
  const tab = await open(comparison);
  await checkPointer(tab);
  await checkCurveKeys(tab);
  await checkCopy(tab);
  await tab.context().close();
  await checkThemes(comparison);
  await checkPhone(comparison);
}
await browser.close();

for (const fault of faults) console.error(`not so: ${fault}`);
console.log(`${held} checks held, ${faults.length} did not`);
process.exit(faults.length ? 1 : 0);
