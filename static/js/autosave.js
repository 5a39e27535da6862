// Keeps what is being written every few seconds. Two windows on one draft: nothing is overwritten until somebody chooses.
const REST = 2500; // milliseconds after which what was typed is kept
const RETRY = 15_000;
const AT_THE_DOOR = 60_000; // bytes that a browser sends for a page that is being left

// Files are kept by their names once they have come.
const withoutFiles = (body) => {
  body.delete("files");
  return body;
};

for (const holder of document.querySelectorAll("[data-keep-url]")) {
  const form = holder.closest("form");
  const status = holder.querySelector("[role=status]");
  const choice = form.querySelector(".two-texts");
  const { keepUrl, openUrl } = holder.dataset;
  form.elements.draft_window.value = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => (byte % 36).toString(36)).join("");
  const typed = () => new URLSearchParams([...new FormData(form)].filter(([name]) => !["draft_version", "nonce"].includes(name))).toString();
  let kept = holder.dataset.typed ? "" : typed();
  let timer;
  let isBusy = false;
  let isSent = false;
  let isUndecided = choice && !choice.hidden;

  const later = (wait = REST) => {
    clearTimeout(timer);
    timer = setTimeout(keep, wait);
  };
  const soon = () => {
    if (!timer) later();
  };
  const words = (title, body) => (form.elements.title ? `${title}\n\n${body}` : body);

  async function keep({ isLeaving = false } = {}) {
    clearTimeout(timer);
    timer = undefined;
    const now = typed();
    if (isSent || isUndecided || now === kept) return;
    if (isBusy) return later();
    isBusy = true;
    let answer, told;
    try {
      answer = await fetch(keepUrl, {
        method: "post",
        body: withoutFiles(new FormData(form)),
        headers: { Accept: "application/json" },
        redirect: "manual",
        keepalive: isLeaving && now.length < AT_THE_DOOR,
      });
      told = await answer.json();
    } catch {
      told = null; // no network, or not the answer of a draft
    }
    isBusy = false;
    if (isSent) return;
    if (told && answer.ok) {
      kept = now;
      form.elements.draft_version.value = told.version;
      status.textContent = told.words;
      if (typed() !== kept) later();
    } else if (told && answer.status === 409) {
      decide(told);
    } else if (told) {
      kept = now; // it is said once; the next change tries again
      status.textContent = told.words;
    } else if (answer && [0, 400, 403, 404].includes(answer.status)) {
      status.textContent = holder.dataset.closed;
    } else {
      status.textContent = holder.dataset.failed;
      later(RETRY);
    }
  }

  function decide({ words: why, version, nonce, other }) {
    isUndecided = true;
    form.elements.draft_version.value = version;
    if (nonce) form.elements.nonce.value = nonce;
    choice.querySelector(".why").textContent = why;
    choice.querySelector("[data-text=mine]").textContent = words(form.elements.title?.value, form.elements.body.value);
    choice.querySelector(".of-other").hidden = !other;
    if (other) {
      choice.querySelector("[data-text=other]").textContent = words(other.title, other.body);
      choice.querySelector("[data-text=saved]").textContent = other.saved;
      choice.querySelector("[data-take=other]").href = form.elements.nonce ? `${openUrl}?draft=${other.id}` : openUrl;
    }
    status.textContent = choice.querySelector("h2").textContent;
    choice.hidden = false;
    choice.scrollIntoView({ block: "nearest" });
  }

  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.getAttribute("formaction") !== keepUrl) {
      isSent = true;
      return;
    }
    event.preventDefault();
    if (button.dataset.take) {
      isUndecided = false;
      choice.hidden = true;
      kept = "";
      form.elements.body.focus();
    }
    keep();
  });
  choice.querySelector("[data-take=other]").addEventListener("click", () => (isSent = true));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keep({ isLeaving: true }));
  addEventListener("pageshow", () => (isSent = false));
  if (holder.dataset.typed) later();
}
