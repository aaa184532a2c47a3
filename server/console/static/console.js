// Keys of 待处理. Every key presses what is on the page already: without script nothing is lost.
"use strict";
document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const typing = at.matches("input[type=text], select, textarea");
  if (typing) {
    if (event.key === "Escape") at.blur();
    return;
  }
  const press = (name) => document.querySelector(`[data-key="${name}"]`);
  const name = { ArrowDown: "j", ArrowUp: "k", ArrowRight: "j", ArrowLeft: "k" }[event.key];
  if (name && at.matches("input[type=radio]")) return;
  const found = press(name || event.key);
  if (event.key === "Enter" && at.matches("input[type=radio], body")) {
    const form = document.getElementById("decide");
    if (form) { event.preventDefault(); form.requestSubmit(); }
  } else if (found) {
    event.preventDefault();
    if (found.matches("input[type=text]")) found.focus();
    else found.click();
  }
});
