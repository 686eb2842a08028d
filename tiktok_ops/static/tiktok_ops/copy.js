// Buttons that copy a field's text. Without this script the field can be marked and copied by hand.
(() => {
  const copied = async (field) => {
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {  // there is no clipboard where the page did not come by https
      field.focus();
      field.select();
      return document.execCommand("copy");
    }
    return true;
  };
  document.querySelectorAll("button[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const said = button.parentElement.querySelector("[data-copy-said]");
      said.textContent = (await copied(document.getElementById(button.dataset.copy))) ? button.dataset.copied : "Mark the text and copy it.";
    });
  });
})();
