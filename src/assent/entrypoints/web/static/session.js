// A page that was opened from another site came without the cookie; our own request brings it.
const answer = await fetch("/session", { cache: "no-store" });
if (answer.ok) location.reload();
