// Every page is whole without these. Each adds one comfort.
import "./autosave.js";
import "./copy.js";
import "./counter.js";
import "./dialog.js";
import "./double.js";
import "./feed.js";
import "./like.js";
import "./mention.js";
import "./menu.js";
import "./picker.js";
import "./poll.js";
import "./preparing.js";
import "./readmark.js";
import "./shortcuts.js";
import "./theme.js";
import "./undo.js";

// What only some pages need, and none to be read.
const uploads = document.querySelector("[data-uploads]");
const folded = uploads?.closest("details:not([open])");
if (folded) folded.addEventListener("toggle", () => import("./upload.js"), { once: true });
else if (uploads) import("./upload.js");
if (document.querySelector("[data-order]")) import("./arrange.js");
if (document.querySelector("[data-viewer], .prints-sheet, .strip")) import("./viewer.js");
