// Sends a small act in the background. Throws unless the house says that it is done: an answer that leads elsewhere
// (to the door, for somebody who is signed out) is none.
export async function post(action, body) {
  const answer = await fetch(action, {
    method: "post",
    body,
    redirect: "manual",
    headers: { Prefer: "return=minimal" },
  });
  if (answer.status !== 204) throw new Error(answer.status);
}
