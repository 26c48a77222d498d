// No key repeats into a second decision: after one, the keys that decide rest until another
// request was chosen.

let resting = false;

export const isResting = () => resting;

export function rest() {
  resting = true;
}

export function release() {
  resting = false;
}
