// The feed goes on by itself when its end comes near: a few pages, then it asks (and the foot can be reached).
// Back returns to the same place: which entry was at the top is kept, never what anybody wrote.
const PAGES = 3;
const KEPT = "feed";
const feed = document.querySelector("[data-feed]");
let pages = 0;
let coming;

const end = () => document.querySelector(".feed-end");
const next = () => end().querySelector("a[rel=next]");

const append = (page) => {
  for (const day of page.querySelectorAll("[data-feed] > *")) {
    const last = feed.lastElementChild;
    if (day.dataset.day && day.dataset.day === last?.dataset.day) {
      day.querySelector(".day").remove();
      last.append(...day.childNodes);
    } else feed.append(day);
  }
  end().replaceWith(page.querySelector(".feed-end"));
  pages += 1;
  dispatchEvent(new Event("feed:grown"));
};

async function load() {
  const link = next();
  if (!link || coming) return;
  coming = link;
  end().setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && page.querySelector("[data-feed]")) append(page);
  } catch {
    // offline: the link is still there
  }
  end().removeAttribute("aria-busy");
  coming = null;
}

const near = new IntersectionObserver(async ([seen]) => {
  if (!seen.isIntersecting || pages >= PAGES || !next()) return;
  near.disconnect();
  const before = pages;
  await load();
  if (pages > before) near.observe(end());
}, { rootMargin: "0px 0px 400px" });

const keep = () => {
  const item = [...feed.querySelectorAll(".item")].find((each) => each.getBoundingClientRect().bottom > 0);
  const kept = item && { at: location.href, id: item.id, top: item.getBoundingClientRect().top, pages };
  if (kept && scrollY > 0) sessionStorage.setItem(KEPT, JSON.stringify(kept));
  else sessionStorage.removeItem(KEPT);
};

async function comeBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  const [arrival] = performance.getEntriesByType("navigation");
  if (kept?.at !== location.href || !["back_forward", "reload"].includes(arrival?.type)) return;
  const there = () => document.getElementById(kept.id);
  for (let tries = kept.pages + 1; tries && !there() && next(); tries -= 1) await load();
  if (there()) scrollBy({ top: there().getBoundingClientRect().top - kept.top, behavior: "instant" });
}

if (feed) {
  history.scrollRestoration = "manual";
  addEventListener("pagehide", keep);
  comeBack().finally(() => near.observe(end()));
} else if (document.body.classList.contains("signed-out")) {
  sessionStorage.removeItem(KEPT);
}
