// Sends pictures in parts while the rest of a form is being written: <div data-uploads="/media">. Many at once, dropped,
// pasted or taken with the camera. Each shows how far it is, can be taken away and tried again, and goes on where it broke.
const AT_ONCE = 2;
const TRIES = 4;
const LOOK = 1500; // milliseconds until the first look whether a picture is ready

class Refused extends Error {}
const rest = (wait) => new Promise((done) => setTimeout(done, wait));

// Pages on which pictures are rarely added do without these styles until somebody does.
function dress({ dress: href }) {
  if (document.querySelector(`link[href="${href}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

function setUp(holder) {
  dress(holder.dataset);
  const form = holder.closest("form");
  const words = JSON.parse(holder.dataset.words);
  const list = holder.querySelector(".upload-list");
  const status = holder.querySelector("[role=status]");
  const token = form.elements.csrf_token.value;
  const items = new Set();
  let sending;
  const said = (key, values) => words[key].replace(/\{(\w+)\}/g, (_all, name) => values[name]);

  async function ask(address, body, method = "post", signal) {
    const headers = { "X-CSRFToken": token, Accept: "application/json" };
    if (body instanceof Blob) headers["Content-Type"] = "application/octet-stream";
    const answer = await fetch(address, { method, body, headers, redirect: "manual", signal });
    if (answer.status === 204) return {};
    const told = await answer.json();
    if (answer.status === 409) return ask(`${address.split("/parts/")[0]}/upload`, undefined, "get", signal);
    if (answer.status >= 500 && answer.status !== 507) throw new Error(answer.status);
    if (!answer.ok) throw new Refused(told.error);
    return told;
  }

  class Item {
    constructor(file, line) {
      this.file = file;
      this.line = line ?? this.draw(file);
      this.state = "waiting";
      this.breaker = new AbortController();
      this.button("cancel", "×", () => this.takeAway());
    }

    draw({ name }) {
      const line = document.createElement("li");
      line.className = "upload";
      const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 72, className: "upload-picture" });
      const middle = document.createElement("div");
      const bar = Object.assign(document.createElement("progress"), { max: 100, value: 0 });
      bar.setAttribute("aria-label", name);
      const state = Object.assign(document.createElement("span"), { className: "upload-state soft small-text", textContent: words.waiting });
      const alt = Object.assign(document.createElement("input"), { className: "input upload-alt", placeholder: words.hint, autocomplete: "off" });
      alt.setAttribute("aria-label", said("alt", { name }));
      middle.append(Object.assign(document.createElement("b"), { className: "upload-name", textContent: name }), " ", state, bar, alt);
      line.append(canvas, middle);
      list.append(line);
      return line;
    }

    button(kind, sign, act) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: `button small upload-${kind}`, textContent: sign });
      if (kind === "cancel") button.setAttribute("aria-label", said("cancel", { name: this.name }));
      button.addEventListener("click", act);
      this.line.append(button);
      return button;
    }

    get name() {
      return this.file?.name ?? this.line.querySelector(".upload-name").textContent;
    }

    get key() {
      return `upload ${this.file.name} ${this.file.size} ${this.file.lastModified}`;
    }

    say(state, text = words[state]) {
      this.state = state;
      this.line.querySelector(".upload-state").textContent = text;
      this.line.classList.toggle("failed", state === "failed");
      const bar = this.line.querySelector("progress");
      if (bar && state !== "sending") bar.hidden = state !== "waiting";
      settle();
    }

    async preview() {
      try {
        const bitmap = await createImageBitmap(this.file);
        const canvas = this.line.querySelector("canvas");
        const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
        const [width, height] = [bitmap.width * scale, bitmap.height * scale];
        canvas.getContext("2d").drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
        bitmap.close();
      } catch {
        // this browser cannot show it; the house can make it ready all the same
      }
    }

    async send() {
      this.say("sending", said("sending", { n: 0 }));
      this.preview();
      try {
        await this.bring();
      } catch (trouble) {
        if (this.state === "gone") return;
        this.say("failed", trouble instanceof Refused ? trouble.message : words.failed);
        status.textContent = `${this.name}: ${this.line.querySelector(".upload-state").textContent}`;
        if (!this.again) this.again = this.button("again", words.retry, () => this.tryAgain());
        this.again.hidden = false;
        return;
      }
      this.arrive();
      this.wait();
    }

    async bring() {
      for (let tried = 0; ; tried += 1) {
        try {
          const told = await this.begin();
          return await this.parts(told);
        } catch (trouble) {
          if (this.state === "gone" || trouble instanceof Refused || tried === TRIES) throw trouble;
          await rest(1000 * 2 ** tried);
        }
      }
    }

    async begin() {
      const known = this.token ?? sessionStorage.getItem(this.key);
      if (known) {
        try {
          const told = await ask(`${holder.dataset.uploads}/${known}/upload`, undefined, "get");
          if (told.state !== "failed") return told;
        } catch (trouble) {
          if (trouble instanceof TypeError) throw trouble; // no network: it is asked again
        }
      }
      const body = new FormData();
      body.set("size", this.file.size);
      body.set("name", this.file.name);
      return ask(holder.dataset.uploads, body);
    }

    async parts(told) {
      this.token = told.token;
      sessionStorage.setItem(this.key, told.token);
      while (told.state === "coming") {
        const part = this.file.slice(told.received, told.received + told.part);
        told = await ask(`${holder.dataset.uploads}/${this.token}/parts/${told.received}`, part, "post", this.breaker.signal);
        const n = Math.round((100 * told.received) / told.size);
        this.line.querySelector("progress").value = n;
        this.say("sending", said("sending", { n }));
      }
    }

    arrive() {
      sessionStorage.removeItem(this.key);
      const alt = this.line.querySelector(".upload-alt");
      const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "media", value: this.token });
      alt.name = "alt";
      this.line.prepend(hidden);
      this.line.dataset.token = this.token;
      this.say("making");
      form.dispatchEvent(new Event("change", { bubbles: true }));
    }

    async wait() {
      for (let wait = LOOK; this.state === "making"; wait = Math.min(wait * 1.4, 20_000)) {
        await rest(wait);
        try {
          const told = await ask(`${holder.dataset.uploads}/${this.token}/upload`, undefined, "get");
          if (told.state === "ready" && this.state === "making") this.say("ready");
          if (told.state === "failed") return this.leaveOut(told.error);
        } catch {
          if (wait > 15_000) return;
        }
      }
    }

    leaveOut(why) {
      this.line.querySelector("[name=media]").remove();
      this.line.querySelector(".upload-alt").name = "";
      this.say("failed", why);
      status.textContent = `${this.name}: ${why}`;
    }

    tryAgain() {
      this.again.hidden = true;
      this.line.querySelector("progress").hidden = false;
      this.say("waiting");
      next();
    }

    takeAway() {
      const before = this.line.previousElementSibling ?? this.line.nextElementSibling;
      this.state = "gone";
      this.breaker.abort();
      const known = this.token ?? this.line.dataset.token;
      if (known) ask(`${holder.dataset.uploads}/${known}/cancel`, new FormData()).catch(() => {});
      if (this.file) sessionStorage.removeItem(this.key);
      items.delete(this);
      this.line.remove();
      (before?.querySelector(".upload-cancel") ?? input).focus();
      form.dispatchEvent(new Event("change", { bubbles: true }));
      settle();
      next();
    }
  }

  function next() {
    const busy = [...items].filter((item) => item.state === "sending").length;
    const waiting = [...items].filter((item) => item.state === "waiting");
    for (const item of waiting.slice(0, AT_ONCE - busy)) item.send().then(next);
  }

  // A form that was sent too early goes out by itself with the last of its pictures.
  const pending = () => [...items].filter((item) => ["waiting", "sending"].includes(item.state)).length;
  function settle() {
    if (!sending || pending()) return;
    const button = sending;
    sending = undefined;
    if ([...items].some((item) => item.state === "failed" && !item.line.dataset.token)) return;
    form.requestSubmit(button);
  }
  form.addEventListener(
    "submit",
    (event) => {
      if (!pending() || event.submitter?.hasAttribute("formaction")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      sending = event.submitter;
      status.classList.remove("visually-hidden");
      status.textContent = said("wait", { n: pending() });
    },
    true,
  );

  function take(files) {
    const room = Number(holder.dataset.most) - items.size;
    const given = [...files];
    if (given.length > room) status.textContent = said("many", { n: holder.dataset.most });
    status.classList.toggle("visually-hidden", given.length <= room);
    for (const file of given.slice(0, Math.max(0, room))) {
      const item = new Item(file);
      items.add(item);
      if (!file.size || file.size > Number(holder.dataset.largest)) item.say("failed", words.too_large);
    }
    next();
  }

  const input = holder.querySelector("input[type=file][name]");
  for (const each of holder.querySelectorAll("input[type=file]")) {
    each.addEventListener("change", () => {
      take(each.files);
      each.value = "";
    });
  }
  holder.querySelector(".camera").addEventListener("click", () => holder.querySelector("[capture]").click());
  for (const line of list.children) {
    line.querySelector("input:not([type=hidden])").classList.add("upload-alt");
    const item = new Item(undefined, line);
    item.state = "ready";
    items.add(item);
  }
  const pictures = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name));
  form.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    holder.classList.add("open");
  });
  form.addEventListener("dragleave", (event) => form.contains(event.relatedTarget) || holder.classList.remove("open"));
  form.addEventListener("drop", (event) => {
    holder.classList.remove("open");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(pictures(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    const files = pictures(event.clipboardData);
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
  holder.querySelector(".upload-ways").hidden = false;
}

for (const holder of document.querySelectorAll("[data-uploads]")) setUp(holder);
