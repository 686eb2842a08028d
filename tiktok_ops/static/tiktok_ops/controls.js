// Who writes why into a control of a run or a batch writes on while the page around it is renewed.
(() => {
  let written = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const focused = document.activeElement;
    written = focused?.closest(".ops-controls") ? focused : null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (written?.isConnected) { written.focus({ preventScroll: true }); }
    written = null;
  });
})();
