// Who can read: the number of people as it is picked, and friends completed by name. Without it, handles are typed.
const PATIENCE = 250; // milliseconds after the last key

for (const input of document.querySelectorAll("[data-people-url] .handles input")) {
  const holder = input.closest("[data-people-url]");
  chips(input, holder.dataset.peopleUrl, () => holder.dispatchEvent(new Event("change")));
}

for (const picker of document.querySelectorAll("[data-count-url]")) {
  const form = picker.closest("form");
  picker.querySelectorAll(".how-many").forEach((button) => (button.hidden = true));
  let timer;
  let asked = 0;
  function later() {
    clearTimeout(timer);
    timer = setTimeout(count, PATIENCE);
  }
  async function count() {
    const line = picker.querySelector("[type=radio]:checked");
    if (!line || !["chosen", "friends_except"].includes(line.value)) return;
    const mine = ++asked;
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (["audience", "groups", "people", "exceptions"].includes(name)) query.append(name, value);
    }
    const answer = await fetch(`${picker.dataset.countUrl}?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const { words } = await answer.json();
    line.closest("label").querySelector(".count").textContent = words;
    const bar = form.querySelector(`.chosen-audience[data-audience="${line.value}"] .count`);
    if (bar) bar.textContent = ` · ${words}`;
  }
  picker.addEventListener("change", later);
}

// One hidden input for the form; before it a row of chips, and a combobox that completes. Where it is for one person
// (data-one), whoever is picked is asked for at once.
function chips(input, url, changed) {
  const row = document.createElement("div");
  row.className = "chips";
  const holder = document.createElement("div");
  holder.className = "completion";
  const typed = input.cloneNode();
  typed.removeAttribute("name");
  typed.value = "";
  const list = document.createElement("ul");
  list.id = `${input.id}-list`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  Object.entries({ role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": list.id }).forEach(([name, value]) => typed.setAttribute(name, value));
  const { remove } = input.dataset;
  const isOne = "one" in input.dataset;
  const names = new Map(); // handle: name, as far as known
  const handles = new Set(input.value.toLowerCase().match(/[a-z0-9_]+/g) ?? []);
  input.type = "hidden";
  input.removeAttribute("id");
  input.before(row, holder);
  holder.append(typed, list);

  function draw() {
    input.value = [...handles].map((handle) => `@${handle}`).join(" ");
    row.replaceChildren(
      ...[...handles].map((handle) => {
        const chip = document.createElement("span");
        chip.className = "chip";
        const words = document.createElement("bdi");
        words.textContent = names.get(handle) ?? `@${handle}`;
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = "×";
        button.setAttribute("aria-label", remove.replace("{name}", words.textContent));
        button.addEventListener("click", () => {
          handles.delete(handle);
          draw();
          changed();
          typed.focus();
        });
        chip.append(words, button);
        return chip;
      }),
    );
  }
  function close() {
    list.hidden = true;
    list.replaceChildren();
    typed.setAttribute("aria-expanded", "false");
    typed.removeAttribute("aria-activedescendant");
  }
  function take(handle, name) {
    if (name) names.set(handle, name);
    if (isOne) handles.clear();
    handles.add(handle);
    typed.value = "";
    close();
    draw();
    changed();
  }
  function pick(handle, name) {
    take(handle, name);
    if (isOne) input.form.requestSubmit();
  }
  function mark(option) {
    for (const each of list.children) each.setAttribute("aria-selected", String(each === option));
    typed.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  }
  let timer;
  let asked = 0;
  async function complete() {
    const words = typed.value.trim();
    const mine = ++asked;
    if (!words) return close();
    const answer = await fetch(`${url}?${new URLSearchParams({ q: words })}`).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const { friends } = await answer.json();
    const open = friends.filter((friend) => !handles.has(friend.handle));
    list.replaceChildren(
      ...open.map((friend, position) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${position}`;
        option.setAttribute("role", "option");
        const name = document.createElement("bdi");
        name.textContent = friend.name;
        const handle = document.createElement("small");
        handle.textContent = `@${friend.handle}`;
        option.append(name, handle);
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          pick(friend.handle, friend.name);
        });
        option.dataset.handle = friend.handle;
        return option;
      }),
    );
    list.hidden = !open.length;
    typed.setAttribute("aria-expanded", String(open.length > 0));
    mark(list.firstElementChild);
  }
  typed.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(complete, PATIENCE);
  });
  typed.addEventListener("keydown", (event) => {
    const options = [...list.children];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!options.length) return;
      event.preventDefault();
      mark(options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length]);
    } else if (event.key === "Enter" && (typed.value.trim() || options.length)) {
      event.preventDefault();
      const option = options[at];
      if (option) pick(option.dataset.handle, option.firstChild.textContent);
      else typed.value.toLowerCase().match(/[a-z0-9_]+/g)?.forEach((handle) => pick(handle));
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    } else if (event.key === "Backspace" && !typed.value && handles.size) {
      handles.delete([...handles].at(-1));
      draw();
      changed();
    }
  });
  typed.addEventListener("blur", () => {
    typed.value.toLowerCase().match(/[a-z0-9_]+/g)?.forEach((handle) => take(handle)); // what was typed is not lost
    close();
  });
  draw();
}
