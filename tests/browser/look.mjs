// Opens pages in a real browser, without a network, and ends with 1 where one of them asks for
// anything, says anything on its console, is wider than the window, or breaks a rule of axe-core.
//
//   npm install --prefix FOLDER axe-core puppeteer-core
//   CHROMIUM=/usr/bin/chromium MODULES=FOLDER node look.mjs [--pictures FOLDER] PAGE.html...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(resolve(process.env.MODULES), "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");

const pages = process.argv.slice(2);
const folder = pages[0] === "--pictures" ? pages.splice(0, 2)[1] : null;
const problems = [];

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"],
});
for (const path of pages) {
  for (const [width, scheme] of [[1280, "light"], [400, "dark"]]) {
    await look(path, width, scheme);
  }
}
await browser.close();
problems.forEach((problem) => console.error(problem));
console.log(`${pages.length} pages: ${problems.length} problems`);
process.exit(problems.length || !pages.length ? 1 : 0);

async function look(path, width, scheme) {
  const url = pathToFileURL(resolve(path)).href;
  const say = (what) => problems.push(`${path} (${width}, ${scheme}): ${what}`);
  const page = await browser.newPage();
  page.on("console", (message) => say(`the console says: ${message.text()}`));
  page.on("pageerror", (error) => say(`an error: ${error.message}`));
  page.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) say(`asks for ${request.url()}`);
  });
  await page.setBypassCSP(true); // axe-core is a script
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(url, { waitUntil: "load" });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (overflow > 0) say(`is ${overflow} pixels wider than the window`);
  const scripts = await page.evaluate(() => document.querySelectorAll("script, [onload], [onerror]").length);
  if (scripts) say("holds a script");
  const found = await page.evaluate(`${axe}; axe.run(document, {resultTypes: ["violations"]})`);
  for (const rule of found.violations) {
    say(`${rule.id}: ${rule.help}: ${rule.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")}`);
  }
  if (found.passes.length < 10) say("axe-core has looked at nothing");
  if (folder) await picture(page, join(folder, `${basename(path, ".html")}-${width}-${scheme}`));
  await page.close();
}

async function picture(page, name) {
  await page.screenshot({ path: `${name}.png`, fullPage: true });
  if (name.endsWith("1280-light")) await page.pdf({ path: `${name}.pdf`, format: "A4" });
}
