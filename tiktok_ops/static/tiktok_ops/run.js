// The page of a running run is renewed every second; what a reader has opened stays open.
(() => {
  let opened = new Set();
  const details = (root) => [...root.querySelectorAll("details[data-key]")];
  document.addEventListener("htmx:beforeSwap", (event) => {
    opened = new Set(details(event.target).filter((one) => one.open).map((one) => one.dataset.key));
  });
  document.addEventListener("htmx:afterSettle", () => {
    details(document).filter((one) => opened.has(one.dataset.key)).forEach((one) => { one.open = true; });
  });
})();
