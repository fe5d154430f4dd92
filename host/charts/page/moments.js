// Drawings that stop every moment, so that the page answers meanwhile.
"use strict";

const drawings = new Map();  // those under way, by name

// `parts` is a generator that yields where the drawing may stop. A new drawing
// of the same name ends the one under way.
async function drawByMoments(name, parts) {
  const kMoment = 25;  // milliseconds
  const page = document.querySelector("main");
  page.setAttribute("aria-busy", "true");
  drawings.set(name, parts);
  let begun = -Infinity;  // the first part waits until scripts are read
  do {
    if (performance.now() - begun < kMoment) continue;
    await new Promise((done) => { setTimeout(done); });
    if (drawings.get(name) !== parts) return;
    begun = performance.now();
  } while (!parts.next().done);
  drawings.delete(name);
  if (drawings.size === 0) page.removeAttribute("aria-busy");
}
