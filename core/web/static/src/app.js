// The script of every page. Plugins' modules import what it exports from "/static/app.js".

import "@tabler/core";
import htmx from "htmx.org";
import "./theme.js";
import { startForms } from "./forms.js";
import { startLive } from "./live.js";
import { startMenu } from "./menu.js";
import { startNavigation } from "./navigation.js";
import { startPanels } from "./panels.js";
import { startPreferences } from "./preferences.js";
import { startProblems } from "./problems.js";
import { startRegions } from "./regions.js";
import { startShortcuts } from "./shortcuts.js";
import { startStatus } from "./status.js";
import { startTimers } from "./timers.js";

export { serverNow } from "./clock.js";
export { onTopic } from "./live.js";
export { open } from "./navigation.js";
export { problemOf, showProblem } from "./problems.js";
export { span } from "./timers.js";
export { toast } from "./toasts.js";
export { htmx };

startProblems();
startForms();
startRegions();
startNavigation();
startMenu();
startPanels();
startPreferences();
startShortcuts();
startStatus();
startTimers();
startLive();
