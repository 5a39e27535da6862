// "@" and the beginning of a name: people to choose from. <textarea data-mention-url="..." data-mention-words="{n} people">.
const PATIENCE = 200; // milliseconds
const TYPED = /(?:^|[^A-Za-z0-9_@＠/])[@＠]([\p{L}\p{N}_]{0,30})$/u;

document.querySelectorAll("textarea[data-mention-url]").forEach((text, number) => {
  const list = document.createElement("ul");
  list.id = `mentions-${number}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "@");
  list.hidden = true;
  const holder = document.createElement("div");
  holder.className = "completion";
  const spoken = document.createElement("span");
  spoken.className = "visually-hidden";
  spoken.setAttribute("role", "status");
  holder.append(list, spoken);
  text.after(holder);
  text.setAttribute("aria-autocomplete", "list");
  text.setAttribute("aria-controls", list.id);
  text.setAttribute("autocomplete", "off");

  const begun = () => (text.selectionStart === text.selectionEnd ? TYPED.exec(text.value.slice(0, text.selectionStart)) : null);
  const chosen = () => list.querySelector("[aria-selected=true]");

  function close() {
    list.hidden = true;
    list.replaceChildren();
    spoken.textContent = "";
    text.removeAttribute("aria-activedescendant");
  }
  function mark(option) {
    for (const each of list.children) each.setAttribute("aria-selected", String(each === option));
    text.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
  function take(handle) {
    const match = begun();
    close();
    if (!match) return;
    const end = text.selectionStart;
    text.setRangeText(`@${handle} `, end - match[1].length - 1, end, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  }

  let timer;
  let asked = 0;
  async function complete() {
    const mine = ++asked;
    const match = begun();
    if (!match) return close();
    const query = new URLSearchParams({ q: match[1] });
    for (const [name, value] of new FormData(text.form)) {
      if (["audience", "groups", "people", "exceptions"].includes(name)) query.append(name, value);
    }
    const answer = await fetch(`${text.dataset.mentionUrl}?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (mine !== asked) return;
    if (!answer?.ok || !begun()) return close();
    const { people } = await answer.json();
    list.replaceChildren(
      ...people.map((person, position) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${position}`;
        option.setAttribute("role", "option");
        const name = document.createElement("bdi");
        name.textContent = person.name;
        const handle = document.createElement("small");
        handle.textContent = `@${person.handle}`;
        option.append(name, handle);
        option.dataset.handle = person.handle;
        option.addEventListener("mousedown", (event) => {
          event.preventDefault(); // the caret stays where it is
          take(person.handle);
        });
        return option;
      }),
    );
    if (!people.length) return close();
    list.hidden = false;
    spoken.textContent = text.dataset.mentionWords.replace("{n}", people.length);
    mark(list.firstElementChild);
  }
  text.addEventListener("input", () => {
    clearTimeout(timer);
    if (begun()) timer = setTimeout(complete, PATIENCE);
    else {
      asked++;
      close();
    }
  });
  text.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const options = [...list.children];
    const at = options.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length]);
    } else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) {
      event.preventDefault();
      take(options[at].dataset.handle);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
  });
  text.addEventListener("blur", close);
});
