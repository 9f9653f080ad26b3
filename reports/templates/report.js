"use strict";
// Only comfort: without this script everything can be read, and copied by hand.
(function () {
  var said = document.getElementById("said");

  function legacyCopy(node) {
    var range = document.createRange();
    range.selectNodeContents(node);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    var done = document.execCommand("copy");
    if (done) { selection.removeAllRanges(); }
    return done;
  }

  function tell(button, done) {
    var label = button.firstChild;
    label.nodeValue = done ? "Copied" : "Selected";
    said.textContent = done ? "Copied." : "Selected; press Control and C to copy.";
    window.setTimeout(function () { label.nodeValue = "Copy"; }, 2000);
  }

  document.querySelectorAll("button[data-copy]").forEach(function (button) {
    var node = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", function () {
      if (navigator.clipboard) {
        navigator.clipboard.writeText(node.textContent).then(
          function () { tell(button, true); },
          function () { tell(button, legacyCopy(node)); }
        );
      } else {
        tell(button, legacyCopy(node));
      }
    });
  });

  // A link into something folded opens it.
  function reveal() {
    var node = document.getElementById(window.location.hash.slice(1));
    if (!node) { return; }
    for (var up = node; up; up = up.parentElement) {
      if (up.tagName === "DETAILS") { up.open = true; }
    }
    node.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  reveal();

  // Paper cannot be unfolded.
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (one) { one.open = false; });
  });
})();
