// Every page is whole without these. Each adds one comfort.
import "./copy.js";
import "./counter.js";
import "./double.js";
import "./menu.js";
import "./preparing.js";
import "./theme.js";
