// Plays opencode to a plugin: `node harness.mjs PLUGIN` runs the steps on its standard input, a
// JSON array of [hook, ...arguments, optional word for what happens meanwhile], and prints an
// array of outcomes.
import { pathToFileURL } from "node:url"

const module = await import(pathToFileURL(process.argv[2]))
const chunks = []
for await (const chunk of process.stdin) chunks.push(chunk)
const steps = JSON.parse(Buffer.concat(chunks).toString("utf8"))

const plugin = await module.Assent({ directory: "/home/dev/repo", worktree: "/home/dev/repo" })
const meanwhile = {
  changed: (output) => (output.args.command = "evil"),
  swapped: (output) => (output.args = { command: "evil" }),
}

const outcomes = [{ exports: Object.values(module).map((value) => typeof value) }]
for (const [hook, input, output, word] of steps) {
  try {
    const pending = plugin[hook](input, output)
    if (word) meanwhile[word](output)
    await pending
    const outcome = { args: output?.args }
    try {
      if (output?.args) output.args.command = "a later plugin's"
    } catch (error) {
      outcome.later = error.name
    }
    outcomes.push(outcome)
  } catch (error) {
    outcomes.push({ thrown: error.message })
  }
}
// The hooks that only inform are not awaited by the plugin; what they started ends by itself.
console.log(JSON.stringify(outcomes))
