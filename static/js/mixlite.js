// Every page is whole without these. Each adds one comfort.
import "./copy.js";
import "./counter.js";
import "./dialog.js";
import "./double.js";
import "./feed.js";
import "./like.js";
import "./menu.js";
import "./picker.js";
import "./poll.js";
import "./readmark.js";
import "./shortcuts.js";
import "./theme.js";
import "./undo.js";
