const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

function span(ms) {
  const [size, unit] = UNITS.find(([size]) => ms >= size) ?? [1_000, "s"];
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`;
}

export function keepAges() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-age]")) {
      time.textContent = span(Date.now() - Date.parse(time.dateTime));
    }
  }, 10_000);
}
