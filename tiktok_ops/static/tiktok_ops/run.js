// The page of a run under way is renewed when its stream of events says so; without a stream, every second.
// What a reader has opened stays open, what they have scrolled stays where it is, and so does the focus.
(() => {
  const LOOK_MS = 1000, STREAMED_LOOK_MS = 5000, PAUSE_MS = 250, GIVEN_UP_MS = 10000;
  const live = () => document.getElementById("run-live");
  const details = (root) => [...root.querySelectorAll("details[data-key]")];
  // Without the controls, which stay as they are (controls.js) until they are gone.
  const places = (root) => [...root.querySelectorAll("[tabindex], summary, a, .run-scroll, pre")]
    .filter((one) => !one.closest(".ops-controls"));
  let stream = null, renewedAt = Date.now(), isAsking = false, isDue = false, kept = null;

  const renew = () => {
    if (isAsking && Date.now() - renewedAt < GIVEN_UP_MS) { isDue = true; return; }
    isAsking = true;
    isDue = false;
    renewedAt = Date.now();
    htmx.trigger(live(), "run-news");
  };

  const isUnderWay = () => Boolean(live()?.dataset.events);

  // The same events as at /api/v1/runs/{id}/events/; the browser comes back by itself after a break,
  // with the last number it has. A server that cannot stream refuses, and then it stays closed.
  const listen = () => {
    const { events, kinds } = live().dataset;
    stream = new EventSource(events);
    kinds.split(" ").forEach((kind) => stream.addEventListener(kind, renew));
    stream.addEventListener("end", () => { stream.close(); renew(); });
  };

  document.addEventListener("htmx:beforeSwap", ({ target }) => {
    if (target !== live()) { return; }
    kept = {
      opened: new Set(details(target).filter((one) => one.open).map((one) => one.dataset.key)),
      scrolled: places(target).map((one) => [one.scrollLeft, one.scrollTop]),
      focused: places(target).indexOf(document.activeElement),
      summary: document.activeElement.matches("details[data-key] > summary") ? document.activeElement.parentElement.dataset.key : null,
    };
  });

  document.addEventListener("htmx:afterSwap", () => {
    if (!kept) { return; }
    const now = places(live());
    details(live()).filter((one) => kept.opened.has(one.dataset.key)).forEach((one) => { one.open = true; });
    if (now.length === kept.scrolled.length) {
      kept.scrolled.forEach(([left, top], at) => { now[at].scrollLeft = left; now[at].scrollTop = top; });
      now[kept.focused]?.focus({ preventScroll: true });
    }
    details(live()).find((one) => one.dataset.key === kept.summary)?.querySelector("summary").focus({ preventScroll: true });
    kept = null;
  });

  // Only now has the new page its own attributes. What changed is said, the page itself is not read out.
  document.addEventListener("htmx:afterSettle", () => {
    const said = document.getElementById("run-said");
    if (said.textContent !== live().dataset.said) { said.textContent = live().dataset.said; }
  });

  // Many events at once are one renewal, and what comes meanwhile is not forgotten.
  document.addEventListener("htmx:afterRequest", () => {
    setTimeout(() => { isAsking = false; if (isDue && isUnderWay()) { renew(); } }, PAUSE_MS);
  });

  setInterval(() => {
    const wait = stream?.readyState === EventSource.OPEN ? STREAMED_LOOK_MS : LOOK_MS;
    if (isUnderWay() && Date.now() - renewedAt >= wait) { renew(); }
  }, LOOK_MS);

  if (isUnderWay()) { listen(); }
})();
