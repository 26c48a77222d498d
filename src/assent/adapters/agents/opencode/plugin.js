// Assent's gate for opencode, written by `assent agents install opencode`. Do not edit it:
// `assent agents list` reports a changed copy, installing again restores it.
//
// Every call of a tool is shown to the relay before it runs. Only an answer that says so lets it
// run; no answer, or one that cannot be read, stops it.

import { spawn } from "node:child_process"

const RELAY = "@RELAY@"
const LIMIT = 64 * 1024 * 1024
const NO_ANSWER = "Assent gave no answer, so this call was not let through. Check it: assent status"

export const Assent = async ({ directory, worktree }) => {
  const running = new Set()
  const parents = new Map()
  const headless = process.argv[2] === "run"

  // The session that a sub-agent's session was started for; undefined for a session of its own.
  const parentOf = (sessionID) => {
    let parentID = parents.get(sessionID)
    while (parents.has(parentID)) parentID = parents.get(parentID)
    return parentID
  }

  // Starts the relay with `said` on its standard input; gives its exit code and what it printed.
  const relay = (argv, said) =>
    new Promise((resolve, reject) => {
      const child = spawn(argv[0], argv.slice(1), { stdio: ["pipe", "pipe", "pipe"] })
      const printed = { stdout: [], stderr: [] }
      let size = 0
      running.add(child)
      for (const stream of ["stdout", "stderr"]) {
        child[stream].on("data", (chunk) => {
          size += chunk.length
          if (size > LIMIT) child.kill("SIGKILL")
          else printed[stream].push(chunk)
        })
      }
      child.on("error", reject)
      child.on("close", (code, signal) => {
        running.delete(child)
        if (signal !== null || code === null) reject(new Error(`the relay ended by ${signal}`))
        else
          resolve({
            code,
            stdout: Buffer.concat(printed.stdout).toString("utf8"),
            stderr: Buffer.concat(printed.stderr).toString("utf8"),
          })
      })
      // The relay may answer before it has read everything.
      child.stdin.on("error", () => {})
      child.stdin.end(JSON.stringify(said))
    })

  const decide = async (said) => {
    const { code, stdout, stderr } = await relay(RELAY.before, said).catch((error) => {
      throw new Error(`${NO_ANSWER} (${error.message})`)
    })
    if (code !== 0) throw new Error(stderr.trim() || NO_ANSWER)
    try {
      return JSON.parse(stdout)
    } catch {
      throw new Error(NO_ANSWER)
    }
  }

  const observe = (argv, said) => {
    relay(argv, said).catch(() => {})
  }

  return {
    "tool.execute.before": async (input, output) => {
      const { tool, sessionID, callID } = input
      const args = output.args
      const asked = JSON.stringify(args)
      const parentID = parentOf(sessionID)
      const call = { tool, sessionID, callID }
      const answer = await decide({ input: call, args, parentID, headless, directory, worktree })
      const decision = isObject(answer) ? answer.decision : undefined
      if (decision === "deny") throw new Error(String(answer.reason))
      if (decision !== "proceed" && decision !== "change") throw new Error(NO_ANSWER)
      if (output.args !== args || JSON.stringify(args) !== asked)
        throw new Error("The call changed while Assent decided about it, so it was not let through.")
      if (decision === "change") replace(args, answer.args)
      // What was decided is what runs: a plugin after this one cannot change it any more.
      freeze(args)
    },

    "tool.execute.after": async (input, output) => {
      const { tool, sessionID, callID } = input
      const parentID = parentOf(sessionID)
      const exit = output?.metadata?.exit
      const call = { tool, sessionID, callID }
      observe(RELAY.after, { input: call, exit, parentID, headless, directory, worktree })
    },

    event: async ({ event }) => {
      const info = event?.properties?.info
      if (event?.type !== "session.created" || !info?.id) return
      if (info.parentID) parents.set(info.id, info.parentID)
      else observe(RELAY.session, { sessionID: info.id, headless, directory, worktree })
    },

    dispose: async () => {
      for (const child of running) child.kill()
    },
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value)

const replace = (args, instead) => {
  if (!isObject(args) || !isObject(instead)) throw new Error(NO_ANSWER)
  for (const name of Object.keys(args)) delete args[name]
  for (const [name, value] of Object.entries(instead)) args[name] = value
  if (JSON.stringify(args) !== JSON.stringify(instead)) throw new Error(NO_ANSWER)
}

const freeze = (value) => {
  if (typeof value !== "object" || value === null) return
  Object.values(value).forEach(freeze)
  Object.freeze(value)
}
