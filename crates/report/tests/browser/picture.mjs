// Takes a picture of a page: node picture.mjs PAGE.html OUT.png [--dark] [--width 1280] [--height N] [--print] [--no-script] [--at FRAGMENT]
// Needs playwright-core (found through NODE_PATH) and a Chromium: the one at $CHROMIUM, else /usr/bin/chromium.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const [page, out, ...flags] = process.argv.slice(2);
const value = (name, otherwise) => flags.includes(name) ? flags[flags.indexOf(name) + 1] : otherwise;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const height = Number(value("--height", 0));
const tab = await browser.newPage({
  viewport: { width: Number(value("--width", 1280)), height: height || 900 },
  deviceScaleFactor: Number(value("--scale", 1)),
  colorScheme: flags.includes("--dark") ? "dark" : "light",
  javaScriptEnabled: !flags.includes("--no-script"),
});
if (flags.includes("--print")) await tab.emulateMedia({ media: "print" });
await tab.goto(pathToFileURL(resolve(page)).href);
if (flags.includes("--at")) await tab.locator("#" + value("--at")).screenshot({ path: out });
else await tab.screenshot({ path: out, fullPage: !height });
await browser.close();
