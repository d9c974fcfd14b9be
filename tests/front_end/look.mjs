// Opens the example page in a real browser, as people meet it, and prints what they see as JSON.
//
//   node look.mjs PAGE CHROMIUM FOLDER    screenshots go to the folder

import { createRequire } from "node:module";
import { join } from "node:path";

// Packages are beside the program that runs this, not beside this file.
const require = createRequire(join(process.env.TOOLS, "package.json"));
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const [page, executablePath, folder] = process.argv.slice(2);
const SCREENS = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  desk: { viewport: { width: 1280, height: 900 } },
};
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
args.push("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage");

/** What the page shows, read from the page itself. */
function read() {
  const text = (selector) => document.querySelector(selector).innerText;
  const shown = (id) => document.getElementById(id).checkVisibility();
  const rows = [...document.querySelectorAll("#why-list > div")];
  const small = [...document.querySelectorAll("button")].filter((one) => one.checkVisibility());
  return {
    tier: text("#tier"),
    points: shown("points") ? text("#points") : "",
    fresh: text("#fresh"),
    sections: ["benefits", "path", "keep", "why", "trouble"].filter(shown),
    benefits: [...document.querySelectorAll("#benefits-list li")].map((line) => line.innerText),
    path: [...document.querySelectorAll("#path-list li")].map((line) => line.innerText),
    keep: [...document.querySelectorAll("#keep-list li")].map((line) => line.innerText),
    why: rows.map((row) => [...row.children].map((part) => part.innerText)),
    unknown: text("#unknown"),
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    columns: getComputedStyle(document.querySelector("main")).gridTemplateColumns.split(" ").length,
    background: getComputedStyle(document.body).backgroundColor,
    lowButtons: small.filter((one) => one.offsetHeight < 44).length,
  };
}

async function faults(tab) {
  await tab.addScriptTag({ path: axe });
  const { violations } = await tab.evaluate(() => window.axe.run());
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}

async function look(browser, screen, colorScheme) {
  const context = await browser.newContext({ ...SCREENS[screen], colorScheme, bypassCSP: true, locale: "en-GB" });
  const tab = await context.newPage();
  const hosts = new Set();
  const errors = [];
  tab.on("request", (request) => hosts.add(new URL(request.url()).host));
  tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  tab.on("pageerror", (error) => errors.push(String(error)));
  await tab.goto(page);
  await tab.waitForSelector("#card[aria-busy=false]");
  await tab.screenshot({ path: join(folder, `${screen}-${colorScheme}.png`), fullPage: true });
  const seen = await tab.evaluate(read);
  const result = { screen, colorScheme, ...seen, hosts: [...hosts].sort(), errors };
  result.faults = await faults(tab);
  await context.close();
  return result;
}

/** With the policy of the page in force, and the API away for a while. */
async function lose(browser) {
  const context = await browser.newContext({ ...SCREENS.phone, locale: "en-GB" });
  const tab = await context.newPage();
  const blocked = [];
  tab.on("console", (message) => /Content Security Policy/.test(message.text()) && blocked.push(message.text()));
  await tab.route("**/v1/**", (route) => route.abort());
  await tab.goto(page);
  await tab.waitForSelector("#trouble:not([hidden])");
  await tab.screenshot({ path: join(folder, "phone-lost.png"), fullPage: true });
  const lost = await tab.evaluate(read);
  await tab.unroute("**/v1/**");
  await tab.focus("#again");
  await tab.keyboard.press("Enter");
  await tab.waitForSelector("#why:not([hidden])");
  const found = await tab.evaluate(read);
  await context.close();
  return { lost, found, blocked };
}

/** With benefits and a path, as a server answers that offers them to customers. */
async function full(browser) {
  const context = await browser.newContext({ ...SCREENS.phone, locale: "en-GB" });
  const tab = await context.newPage();
  const json = (body) => (route) => route.fulfill({ json: body, headers: { "access-control-allow-origin": "*" } });
  const benefits = ["Discounts of up to 12 %", "Payment within 45 days", "A line of your own: +49 30 901830"];
  await tab.route("**/service-card", json({ benefits: benefits.map((text) => ({ kind: "discount", text })) }));
  const way = (en) => ({ moves: [], text: { en, zh: en } });
  const order = way("an order of 38,000.00 EUR by 30 September 2026");
  const both = way("an order of 9,000.00 EUR and the next 2 invoices on time by 30 September 2026");
  const next = { tier: "high", label: "High value", reachable: true, single: [order], best: both };
  const keep = { tier: "general", label: "General", reachable: true, single: [order], best: order };
  await tab.route("**/path", json({ by: "2026-09-30", next, keep }));
  await tab.goto(page);
  await tab.waitForSelector("#card[aria-busy=false]");
  await tab.screenshot({ path: join(folder, "phone-full.png"), fullPage: true });
  const seen = await tab.evaluate(read);
  await context.close();
  return seen;
}

const browser = await chromium.launch({ executablePath, args });
try {
  const looks = [];
  for (const screen of Object.keys(SCREENS)) {
    for (const colorScheme of ["light", "dark"]) looks.push(await look(browser, screen, colorScheme));
  }
  console.log(JSON.stringify({ looks, lost: await lose(browser), full: await full(browser) }));
} finally {
  await browser.close();
}
