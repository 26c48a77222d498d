// A browser that only fetches the link ahead runs no script, so it does not use the link up.
document.getElementById("login").requestSubmit();
