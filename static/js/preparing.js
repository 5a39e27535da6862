// While pictures are being made ready, looks again by itself and swaps in what is there by then. <div data-preparing> within #pictures.
const PAUSE = 2000;
const LONGEST = 30000;

async function lookAgain(pause) {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("pictures");
      const here = document.getElementById("pictures");
      if (!fresh || !here) return;
      if (fresh.innerHTML !== here.innerHTML && !here.contains(document.activeElement)) here.replaceWith(fresh);
    } catch {
      // away for a moment: the next look may find it
    }
  }
  if (document.querySelector("#pictures [data-preparing]")) {
    setTimeout(lookAgain, pause, Math.min(pause * 1.5, LONGEST));
  }
}

if (document.querySelector("#pictures [data-preparing]")) setTimeout(lookAgain, PAUSE, PAUSE);
