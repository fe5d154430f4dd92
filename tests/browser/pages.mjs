// Opens pages in Chromium at three widths in both schemes, uses them with
// pointer and keys, and fails for whatever a reader would trip over.
//
//   node pages.mjs MODULES CHROMIUM SCREENSHOTS PAGE...
import { createRequire } from "node:module";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, executablePath, shots, ...files] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const { chromium } = require("playwright-core");
const axe = require("axe-core");

const kWidths = [390, 800, 1600];
const kSchemes = ["light", "dark"];
// axe takes minutes for a page of 64 nodes.
const widthsOf = (file) => file.endsWith("_64.html") ? [1600] : kWidths;
// Milliseconds of CPU, which other processes do not change much: twice the aims.
const kMostAnswer = 100, kMostTask = 400;
let failures = 0;

function check(what, isRight, detail = "") {
  if (isRight) return;
  ++failures;
  console.error(`FAILED ${what} ${detail}`);
}

// The milliseconds of CPU of the longest task of a page.
function longestTask({traceEvents}) {
  const thread = (event) => `${event.pid} ${event.tid}`;
  const pages = new Set(traceEvents.filter((event) =>
    event.name === "thread_name" && event.args.name === "CrRendererMain")
    .map(thread));
  const tasks = traceEvents.filter((event) => pages.has(thread(event)) &&
    event.name === "ThreadControllerImpl::RunTask" && event.tdur);
  check("the browser tells tasks", tasks.length > 0);
  return Math.max(0, ...tasks.map((task) => task.tdur / 1000));
}

async function open(browser, file, width, scheme) {
  const page = await browser.newPage({viewport: {width, height: 900},
    colorScheme: scheme});
  const name = `${basename(file)} at ${width} px, ${scheme}:`;
  page.on("pageerror", (e) => check(`${name} an error`, false, e.message));
  page.on("console", (m) => check(`${name} a message`, m.type() !== "error",
    m.text()));
  page.on("dialog", (d) => {
    check(`${name} a name became a script`, false);
    d.dismiss();
  });
  page.on("request", (r) => check(`${name} a request`,
    r.url().startsWith("file:") || r.url().startsWith("data:"), r.url()));
  await browser.startTracing(page, {categories: ["toplevel", "__metadata"]});
  await page.goto(pathToFileURL(file).href);
  await page.locator("main:not([aria-busy])").waitFor();
  const longest = longestTask(JSON.parse(String(await browser.stopTracing())));
  console.log(`${name} blocks for ${longest.toFixed(0)} ms of CPU at most`);
  check(`${name} blocks for long`, longest < kMostTask, `${longest} ms`);
  return [page, name];
}

async function looksRight(page, name) {
  const cut = await page.evaluate(() =>
    document.documentElement.scrollWidth - window.innerWidth);
  check(`${name} is wider than the window`, cut <= 0, `${cut} px`);
  check(`${name} a name became markup`,
    await page.locator("img:not([src^='data:image/png'])").count() === 0);
  const unseen = await page.locator("img").evaluateAll((pictures) =>
    pictures.filter((p) => p.naturalWidth === 0).length);
  check(`${name} pictures are not shown`, unseen === 0, String(unseen));
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run());
  for (const v of violations) {
    check(`${name} ${v.id}`, false,
      `${v.help}: ${v.nodes[0].html.slice(0, 200)} ${v.nodes[0].failureSummary}`);
  }
}

async function chartsAreDrawn(page, name) {
  const blank = await page.evaluate(() =>
    [...document.querySelectorAll("canvas")].filter((canvas) => {
      const { width, height } = canvas;
      if (canvas.closest("[hidden]")) return false;
      const pixels = canvas.getContext("2d").getImageData(0, 0, width, height);
      return pixels.data.every((value) => value === 0);
    }).length);
  check(`${name} empty drawings`, blank === 0, String(blank));
}

// The milliseconds of CPU until an action is done and drawn.
async function answerTime(page, act) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", {timeDomain: "threadTicks"});
  const seconds = async () => (await session.send("Performance.getMetrics"))
    .metrics.find((metric) => metric.name === "TaskDuration").value;
  const begin = await seconds();
  await page.evaluate(async (source) => {
    new Function(source)();
    await new Promise((done) => requestAnimationFrame(() =>
      setTimeout(done, 0)));
  }, act);
  return 1000 * (await seconds() - begin);
}

async function useReport(page, name) {
  const second = page.locator("#picker [data-node='1']");
  await second.hover();
  const lit = await page.locator("#layers .lit").count();
  check(`${name} hover shows no boxes`, lit > 0);
  check(`${name} hover shows all boxes`,
    lit < await page.locator("#layers .box").count());
  await second.focus();
  await page.keyboard.press("Enter");
  check(`${name} Enter chooses a node`,
    await second.getAttribute("aria-pressed") === "true");
  check(`${name} memory is of another node`,
    (await page.locator("#memory-text").textContent()).startsWith("node1"));
  const slider = page.locator("#memory-drawing svg");
  await slider.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  check(`${name} arrow keys choose a stage`,
    await slider.getAttribute("aria-valuenow") === "1");
  await page.locator("#layers .layer").first().click();
  check(`${name} a click shows a layer's boxes`,
    await page.locator("#layer tbody tr").count() > 0);
  const title = page.locator("#tables th button").first();
  await title.click();
  await title.click();
  const names = await page.locator("#tables table").first()
    .locator("tbody tr td:first-child").allTextContents();
  check(`${name} tables sort`,
    names.join() === [...names].sort().reverse().join(), names.join());
  const ms = await answerTime(page, "lightUp(2); choose(2);");
  console.log(`${name} answers in ${ms.toFixed(1)} ms of CPU`);
  check(`${name} answers slowly`, ms < kMostAnswer, `${ms} ms`);
}

async function useFrame(page, name) {
  const canvas = page.locator("#frame-drawing canvas");
  const pixels = () => canvas.evaluate((c) => c.toDataURL());
  const before = await pixels();
  await canvas.focus();
  await page.keyboard.press("+");
  await page.waitForTimeout(50);
  const after = await pixels();
  check(`${name} plus does not zoom`, before !== after);
}

const browser = await chromium.launch({executablePath,
  args: ["--no-sandbox"]});
for (const file of files) {
  for (const scheme of kSchemes) {
    for (const width of widthsOf(file)) {
      const [page, name] = await open(browser, file, width, scheme);
      await looksRight(page, name);
      await chartsAreDrawn(page, name);
      if (shots) {
        await page.screenshot({fullPage: true,
          path: `${shots}/${basename(file, ".html")}_${scheme}_${width}.png`});
      }
      if (await page.locator("#picker [data-node='1']").count() > 0) {
        await useReport(page, name);
        if (await page.locator("#frame").isVisible()) {
          await useFrame(page, name);
        }
      }
      await page.close();
    }
  }
}
await browser.close();
if (failures > 0) process.exit(1);
console.log(`${files.length} pages are in order`);
