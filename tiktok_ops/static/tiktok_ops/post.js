// The page of a new post: how long the caption is, what the chosen video looks like, who may see paid content.
(() => {
  const form = document.querySelector(".ops-post");
  const field = (name) => form.querySelector(`[name=${name}]`);

  const caption = field("caption");
  const count = document.getElementById("caption-count");
  const showCount = () => {
    const units = caption.value.length; // a string's length is in UTF-16 units, as TikTok counts
    const tags = (caption.value.match(/(?<![\p{L}\p{N}_&])[#＃][\p{L}\p{M}\p{N}_]+/gu) || []).length;
    count.textContent = `${units.toLocaleString("en")} of 2,200 · ${tags} ${tags === 1 ? "hashtag" : "hashtags"}`;
    count.classList.toggle("ops-count-over", units > 2200);
  };
  if (caption) {
    caption.addEventListener("input", showCount);
    showCount();
  }

  const preview = document.getElementById("post-preview");
  let shown = "";
  const show = (address) => {
    if (shown.startsWith("blob:")) URL.revokeObjectURL(shown);
    shown = address;
    preview.hidden = !address;
    if (address) preview.src = address;
    else preview.removeAttribute("src");
  };
  const showVideo = () => {
    const [file] = field("upload").files;
    const asset = field("asset").value;
    if (file) show(URL.createObjectURL(file));
    else show(asset ? form.dataset.assetUrl.replace("/ID/", `/${asset}/`) : "");
  };
  if (preview) {
    field("upload").addEventListener("change", showVideo);
    field("asset").addEventListener("change", showVideo);
    showVideo();
  }

  const alone = form.querySelector("[name=privacy_level][value=SELF_ONLY]");
  const guardLevel = () => {
    if (!alone) return;
    alone.disabled = field("discloses").checked && field("is_branded_content").checked;
    alone.checked = alone.checked && !alone.disabled;
    alone.closest("label").title = alone.disabled ? "Branded content cannot be for the creator only." : "";
  };
  form.addEventListener("change", guardLevel);
  guardLevel();
})();
